export function inBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 0)} s`;
}

/** Shows figures, each on one line. */
export function showFigures(element: HTMLElement, figures: string[]): void {
  const shown = [...element.children].map((child) => child.textContent);
  if (shown.length === figures.length && figures.every((figure, i) => figure === shown[i])) return;
  element.replaceChildren(
    ...figures.map((figure) => {
      const span = document.createElement("span");
      span.textContent = figure;
      return span;
    }),
  );
}
