import { inBytes } from "./figures";
import { addressOf, hashOf, type Entry, type Index } from "./index";

/** Shows all thumbnails: ordinary pictures in links.
 * @param intend is called when a visitor is about to open one.
 */
export function showGrid(index: Index, grid: HTMLElement, intend: (entry: Entry) => void): void {
  grid.replaceChildren(
    ...index.photographs.map((entry, place) => {
      const link = document.createElement("a"), image = new Image(), name = document.createElement("span");
      const item = document.createElement("li");
      link.href = hashOf(entry);
      image.loading = place < 8 ? "eager" : "lazy";
      image.decoding = "async";
      image.width = entry.thumbnail_width;
      image.height = entry.thumbnail_height;
      image.alt = entry.name;
      image.src = addressOf(entry);
      image.addEventListener("error", () => {
        image.remove();
        name.textContent = `${entry.name}\nThis picture cannot be loaded.`;
        name.ariaHidden = null;
        link.classList.add("broken");
      });
      name.textContent = entry.name;
      name.ariaHidden = "true";
      item.style.setProperty("--ratio", String(entry.width / entry.height));
      link.append(image, name);
      link.addEventListener("pointerenter", () => intend(entry), { once: true });
      link.addEventListener("focus", () => intend(entry), { once: true });
      item.append(link);
      return item;
    }),
  );
  grid.addEventListener("keydown", (event) => moveFocus(event, grid));
}

/** How much there is, in a line. */
export function summary({ photographs }: Index): string {
  const sum = (key: "bytes" | "original_bytes"): number => photographs.reduce((total, entry) => total + entry[key], 0);
  const count = `${photographs.length} photograph${photographs.length === 1 ? "" : "s"}`;
  return `${count} in ${inBytes(sum("bytes"))}, made from ${inBytes(sum("original_bytes"))}`;
}

/** Arrow keys move among the thumbnails; up and down to the nearest one of the next row. */
function moveFocus(event: KeyboardEvent, grid: HTMLElement): void {
  const links = [...grid.querySelectorAll("a")], at = links.indexOf(document.activeElement as HTMLAnchorElement);
  if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  let to = at;
  if (event.key === "ArrowRight") to = at + 1;
  else if (event.key === "ArrowLeft") to = at - 1;
  else if (event.key === "Home") to = 0;
  else if (event.key === "End") to = links.length - 1;
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") to = inNextRow(links, at, event.key === "ArrowDown");
  else return;
  event.preventDefault();
  links[Math.max(0, Math.min(to, links.length - 1))].focus();
}

function inNextRow(links: HTMLElement[], at: number, isDown: boolean): number {
  const boxes = links.map((link) => link.getBoundingClientRect()), here = boxes[at];
  const center = (box: DOMRect): number => box.left + box.width / 2;
  let best = at;
  for (let i = 0; i < boxes.length; i++) {
    const distance = isDown ? boxes[i].top - here.top : here.top - boxes[i].top;
    if (distance < 1) continue;
    const before = best === at ? Infinity : Math.abs(boxes[best].top - here.top);
    const isNearer = Math.abs(center(boxes[i]) - center(here)) < Math.abs(center(boxes[best]) - center(here));
    if (distance < before - 1 || (distance < before + 1 && isNearer)) best = i;
  }
  return best;
}
