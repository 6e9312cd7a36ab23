import OpenSeadragon from "openseadragon";

const SMALL = "(max-width: 640px), (max-height: 420px)";

/** OpenSeadragon in an element: pan, zoom, touch and keys. */
export function makeStage(element: HTMLElement): OpenSeadragon.Viewer {
  // OpenSeadragon would add a style of its own, which the security policy refuses, unless it finds this element.
  const mark = document.createElementNS("", "style");
  mark.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(mark);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const viewer = OpenSeadragon({
    element,
    drawer: "canvas",
    showNavigationControl: false,
    showNavigator: !matchMedia(SMALL).matches,
    navigatorPosition: "BOTTOM_RIGHT",
    navigatorSizeRatio: 0.14,
    navigatorAutoFade: true,
    immediateRender: true,
    maxTilesPerFrame: 1000, // all that is in view at once: OpenSeadragon draws anew whenever it asks for some
    imageLoaderLimit: 0,
    timeout: 600_000,
    maxImageCacheCount: 120,
    animationTime: isStill ? 0 : 0.5,
    minZoomImageRatio: 0.8,
    maxZoomPixelRatio: 6,
    visibilityRatio: 0.4,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    subPixelRoundingForTransparency: OpenSeadragon.SUBPIXEL_ROUNDING_OCCURRENCES.ALWAYS,
    silenceMultiImageWarnings: true,
  } as unknown as OpenSeadragon.Options);
  viewer.canvas.setAttribute("role", "img");
  return viewer;
}

/** A pixel of the picture for a pixel of the screen. */
export function zoomToFull(viewer: OpenSeadragon.Viewer): void {
  const image = viewer.world.getItemAt(0);
  if (image) viewer.viewport.zoomTo(image.imageToViewportZoom(1 / window.devicePixelRatio));
}

export function zoomBy(viewer: OpenSeadragon.Viewer, factor: number): void {
  viewer.viewport.zoomBy(factor);
  viewer.viewport.applyConstraints();
}

/** @param x, y pixels of the screen. */
export function panBy(viewer: OpenSeadragon.Viewer, x: number, y: number): void {
  viewer.viewport.panBy(viewer.viewport.deltaPointsFromPixels(new OpenSeadragon.Point(x, y)));
  viewer.viewport.applyConstraints();
}

/** Says the zoom, a while after it changed: 100 % is a pixel of the picture for a pixel of the screen. */
export function sayZoom(viewer: OpenSeadragon.Viewer, place: HTMLElement): void {
  let timer = 0, isFirst = true;
  viewer.addHandler("close", () => {
    isFirst = true;
    place.textContent = "";
  });
  viewer.addHandler("zoom", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const image = viewer.world.getItemAt(0);
      if (!image) return;
      const zoom = image.viewportToImageZoom(viewer.viewport.getZoom(false)) * window.devicePixelRatio;
      if (!isFirst) place.textContent = `${Math.round(100 * zoom)} %`;
      isFirst = false; // how a picture is opened is not said
    }, 400);
  });
}

/** Whether the whole picture is in view. */
export function isFit(viewer: OpenSeadragon.Viewer): boolean {
  return viewer.viewport.getZoom(false) <= viewer.viewport.getHomeZoom() * 1.01;
}
