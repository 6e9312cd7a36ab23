"use strict";

// What is shown stands in the address (#sort=-psnr_rgb&hide=codecs&image=...&zoom=4&divider=30), so that a view
// can be linked to. Text from the results goes into the page as text only, never as markup.
(() => {
  const details = JSON.parse(document.getElementById("report-data").textContent).details;
  const byId = (id) => document.getElementById(id);
  const ORIGINAL = "original";
  const HIDDEN_AT_FIRST = "nearest,file";
  const state = { sort: null, hide: null, image: null, left: null, right: null, zoom: null, divider: 50 };

  // ---- tables

  const tables = [...document.querySelectorAll("table.sortable")].map((table) => ({
    heads: [...table.tHead.rows[table.tHead.rows.length - 1].cells],
    body: table.tBodies[0],
    rows: [...table.tBodies[0].rows],
  }));

  function showSorted() {
    const descending = state.sort !== null && state.sort.startsWith("-");
    const key = state.sort === null ? null : state.sort.slice(descending ? 1 : 0);
    for (const { heads, body, rows } of tables) {
      const column = heads.findIndex((head) => head.dataset.key === key);
      heads.forEach((head, index) => {
        if (index === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      body.append(...(column < 0 ? rows : sorted(rows, column, heads[column].dataset.kind === "number", descending)));
    }
  }

  function sorted(rows, column, isNumber, descending) {
    const valueOf = (row) => row.cells[column]?.dataset.value ?? "";
    const known = rows.filter((row) => valueOf(row) !== "");
    const unknown = rows.filter((row) => valueOf(row) === ""); // below in either direction
    const compare = isNumber
      ? (a, b) => Number(valueOf(a)) - Number(valueOf(b))
      : (a, b) => valueOf(a).localeCompare(valueOf(b), "en", { numeric: true });
    return [...known.sort((a, b) => (descending ? compare(b, a) : compare(a, b))), ...unknown];
  }

  for (const head of tables.flatMap(({ heads }) => heads)) {
    head.querySelector("button").addEventListener("click", () => {
      const { key, best } = head.dataset;
      const first = best === "high" ? `-${key}` : key;
      const second = best === "high" ? key : `-${key}`;
      state.sort = state.sort === first ? second : first;
      showSorted();
      keepAddress();
    });
  }

  const watch = new ResizeObserver(() => {
    for (const frame of document.querySelectorAll(".wide")) {
      frame.classList.toggle("scrolls", frame.scrollWidth > frame.clientWidth);
    }
  });
  for (const table of document.querySelectorAll(".wide table")) {
    watch.observe(table);
    watch.observe(table.parentElement);
  }

  // ---- groups of columns and of curves, which can be hidden

  const switches = [...document.querySelectorAll("[data-part]")];
  const hiddenParts = () => new Set((state.hide ?? HIDDEN_AT_FIRST).split(",").filter(Boolean));

  function showParts() {
    const hidden = hiddenParts();
    for (const box of switches) {
      box.checked = !hidden.has(box.dataset.part);
      document.body.classList.toggle(`without-${box.dataset.part}`, !box.checked);
    }
  }

  for (const box of switches) {
    box.closest("fieldset").hidden = false;
    box.addEventListener("change", () => {
      const hidden = hiddenParts();
      if (box.checked) hidden.delete(box.dataset.part);
      else hidden.add(box.dataset.part);
      state.hide = [...hidden].join(",");
      showParts();
      keepAddress();
    });
  }

  // ---- viewer

  const pictureOf = (detail, method) => detail.methods.find(({ name }) => name === method);
  const currentDetail = () => details.find(({ key }) => key === state.image);

  function fill(select, entries, chosen) {
    select.replaceChildren(...entries.map(([value, text]) => new Option(text, value, false, value === chosen)));
  }

  function chooseKnown() {
    if (!currentDetail()) state.image = details[0].key;
    const detail = currentDetail();
    const others = detail.methods.filter(({ name }) => name !== ORIGINAL);
    if (!pictureOf(detail, state.left)) state.left = detail.methods[0].name;
    if (!pictureOf(detail, state.right)) {
      state.right = (others.find(({ tables: found }) => found) ?? others[0] ?? detail.methods[0]).name;
    }
    if (![1, 2, 4].includes(state.zoom)) {
      const room = byId("stage").clientWidth;
      state.zoom = [4, 2].find((zoom) => detail.width * zoom <= room) ?? 1;
    }
  }

  function showViewer() {
    chooseKnown();
    const detail = currentDetail();
    const names = detail.methods.map(({ name }) => [name, name]);
    fill(byId("image"), details.map(({ key, label }) => [key, label]), state.image);
    for (const side of ["left", "right"]) {
      const method = pictureOf(detail, state[side]);
      fill(byId(side), names, method.name);
      const image = byId(`${side}-picture`);
      image.src = method.picture;
      image.alt = `${detail.label}: ${method.name}`;
      image.width = detail.width * state.zoom;
      image.height = detail.height * state.zoom;
      const caption = byId(`${side}-caption`);
      const strong = document.createElement("strong");
      strong.textContent = method.name;
      caption.replaceChildren(strong, document.createElement("br"), method.caption);
    }
    for (const radio of byId("zoom").querySelectorAll("input")) radio.checked = Number(radio.value) === state.zoom;
    showDivider();
    showTables(detail);
  }

  function showDivider() {
    byId("picture").style.setProperty("--divider", `${state.divider}%`);
    const divider = byId("divider");
    divider.setAttribute("aria-valuenow", String(Math.round(state.divider)));
    divider.setAttribute("aria-valuetext", `${Math.round(state.divider)} % ${state.left}, the rest ${state.right}`);
  }

  function moveDivider(percent) {
    state.divider = Math.round(10 * Math.min(100, Math.max(0, percent))) / 10;
    showDivider();
  }

  // Those of the right side, else of the left, else of the first method that has any.
  function showTables(detail) {
    const candidates = [pictureOf(detail, state.right), pictureOf(detail, state.left), ...detail.methods];
    const shown = candidates.find(({ tables: found }) => found);
    byId("tables").hidden = !shown;
    if (!shown) return;
    byId("tables-of").textContent = `${shown.name} for ${detail.label}; colors are logarithmic, 1 to 255.`;
    byId("maps").replaceChildren(heatMap("Y", shown.tables[0]), heatMap("Cb/Cr", shown.tables[1]));
  }

  const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis

  function heatMap(title, steps) {
    const table = document.createElement("table");
    table.className = "heat";
    table.createCaption().textContent = title;
    const body = table.createTBody();
    for (const line of steps) {
      const row = body.insertRow();
      for (const step of line) {
        const cell = row.insertCell();
        const color = rampAt(Math.log(step) / Math.log(255));
        cell.textContent = String(step);
        cell.style.background = `rgb(${color.join(" ")})`;
        // Above this luminance black has the better contrast (WCAG 2), below it white; either is above 4.5 : 1.
        cell.style.color = luminance(color) > 0.179 ? "#000" : "#fff";
      }
    }
    return table;
  }

  function rampAt(position) {
    const place = Math.min(1, Math.max(0, position)) * (RAMP.length - 1);
    const index = Math.min(RAMP.length - 2, Math.floor(place));
    return RAMP[index].map((from, channel) => Math.round(from + (RAMP[index + 1][channel] - from) * (place - index)));
  }

  function luminance(color) {
    const [red, green, blue] = color.map((value) =>
      value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function listen() {
    const change = (changes) => {
      Object.assign(state, changes);
      showViewer();
      keepAddress();
    };
    byId("image").addEventListener("change", (event) => change({ image: event.target.value }));
    byId("left").addEventListener("change", (event) => change({ left: event.target.value }));
    byId("right").addEventListener("change", (event) => change({ right: event.target.value }));
    byId("swap").addEventListener("click", () => change({ left: state.right, right: state.left }));
    byId("zoom").addEventListener("change", (event) => {
      const stage = byId("stage");
      const growth = Number(event.target.value) / state.zoom;
      const middle = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
      change({ zoom: Number(event.target.value) });
      stage.scrollTo(middle[0] * growth - stage.clientWidth / 2, middle[1] * growth - stage.clientHeight / 2);
    });

    const divider = byId("divider");
    const picture = byId("picture");
    picture.addEventListener("pointerdown", (event) => {
      // A finger on the picture scrolls it; on the line it moves the line. A mouse can take the line anywhere.
      if (event.button !== 0 || (event.pointerType === "touch" && event.target !== divider)) return;
      event.preventDefault();
      picture.setPointerCapture(event.pointerId);
      divider.focus({ preventScroll: true });
      const follow = (moved) => {
        const frame = picture.getBoundingClientRect();
        moveDivider(((moved.clientX - frame.left) / frame.width) * 100);
      };
      const release = () => {
        picture.removeEventListener("pointermove", follow);
        keepAddress();
      };
      follow(event);
      picture.addEventListener("pointermove", follow);
      picture.addEventListener("lostpointercapture", release, { once: true });
    });
    divider.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 1;
      const moves = {
        ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step,
        PageDown: -10, PageUp: 10, Home: -100, End: 100,
      };
      if (!(event.key in moves)) return;
      event.preventDefault();
      moveDivider(state.divider + moves[event.key]);
      keepAddress();
    });
  }

  // ---- address

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of ["sort", "hide", "image", "left", "right"]) state[key] = given.get(key) ?? state[key];
    if (given.has("zoom")) state.zoom = Number(given.get("zoom"));
    if (given.has("divider")) state.divider = Math.min(100, Math.max(0, Number(given.get("divider")) || 0));
  }

  function keepAddress() {
    const kept = Object.entries(state).filter(([, value]) => value !== null);
    history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
  }

  function show() {
    showSorted();
    showParts();
    if (details.length) showViewer();
  }

  readAddress();
  if (details.length) {
    for (const part of document.querySelectorAll("#viewer > [hidden]")) part.hidden = false;
    listen();
  }
  show();
  const stage = byId("stage");
  if (stage) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  addEventListener("hashchange", () => {
    readAddress();
    show();
  });
})();
