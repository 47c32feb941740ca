// Makes the console quicker to use; every page also works without it. No page carries a script of its own.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // -- toasts, copying, forms ---------------------------------------------------------------------------------------

  const dismiss = (toast) => toast.remove();
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    const status = one("#status");
    if (status) status.textContent = button.dataset.done;
    setTimeout(() => button.classList.remove("copied"), 1500);
  };

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  all("input[data-zone]").forEach((input) => { input.value = zone; });

  const changed = (field) => {
    const form = field.form ?? field.closest("form");
    if (form?.matches("[data-guard]")) form.dataset.changed = "yes";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
    changed(event.target);
  });
  document.addEventListener("input", (event) => {
    changed(event.target); // before the field is left, too
    if (!event.target.matches("[data-find]")) return;
    const wanted = event.target.value.trim().toLowerCase();
    all(event.target.dataset.find).forEach((row) => row.classList.toggle("hidden", !row.textContent.toLowerCase().includes(wanted)));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reset]");
    if (!button) return;
    all(`[name="${button.dataset.reset}"]:not([type="hidden"])`).forEach((field) => {
      if (field.type === "checkbox") field.checked = button.dataset.value === field.value;
      else if (field.type === "radio") field.checked = field.value === button.dataset.value;
      else field.value = button.dataset.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-discard]")) delete event.target.closest("form").dataset.changed;
  });
  window.addEventListener("beforeunload", (event) => {
    if (one("form[data-guard][data-changed]")) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get") {
      // An address without empty parameters is one that people can read and share.
      all("input[name], select[name]", form).forEach((field) => { if (!field.value) field.disabled = true; });
      setTimeout(() => all(":disabled[name]", form).forEach((field) => { field.disabled = false; }));
      return;
    }
    delete form.dataset.changed;
    const button = event.submitter;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    if (button) button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => all("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));

  // -- menus --------------------------------------------------------------------------------------------------------

  const closeMenus = (but) => all("details.menu[open]").filter((menu) => !menu.contains(but)).forEach((menu) => { menu.open = false; });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.menu") && event.target.open) closeMenus(event.target);
  }, true);

  // -- selection ----------------------------------------------------------------------------------------------------

  const picks = () => all("input.pick");
  let lastPick = null;

  const counted = () => {
    const bar = one(".bulk");
    if (!bar) return;
    const chosen = picks().filter((box) => box.checked).length;
    const everything = one("#all", bar)?.value === "1";
    const total = Number(bar.dataset.total);
    const number = everything ? total : chosen;
    one("[data-count]", bar).textContent = number.toLocaleString("en-US");
    const tools = one("[role=toolbar]", bar);
    tools.setAttribute("aria-label", tools.dataset.label.replace("#", number.toLocaleString("en-US")));
    const more = one("[data-all]", bar);
    if (more) more.hidden = everything || chosen >= total;
    const head = one("input.pick-all");
    if (head) {
      head.checked = chosen > 0 && chosen === picks().length;
      head.indeterminate = chosen > 0 && !head.checked;
    }
  };
  const choose = (boxes, checked) => {
    boxes.forEach((box) => { box.checked = checked; });
    if (one("#all")) one("#all").value = "";
    counted();
  };
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.matches("input.pick")) {
      const boxes = picks();
      const [from, to] = [boxes.indexOf(lastPick), boxes.indexOf(target)];
      const range = event.shiftKey && from >= 0 ? boxes.slice(Math.min(from, to), Math.max(from, to) + 1) : [target];
      choose(range, target.checked);
      lastPick = target;
    } else if (target.matches("input.pick-all")) {
      choose(picks(), target.checked);
    } else if (target.closest("[data-clear]")) {
      choose(picks(), false);
      one("input.pick-all")?.focus();
    } else if (target.closest("[data-all]")) {
      one("#all").value = "1";
      counted();
    } else if (target.closest("[data-copy]")) {
      copy(target.closest("[data-copy]"));
    } else if (target.closest("[data-dismiss]")) {
      dismiss(target.closest(".toast"));
    } else if (target.closest("[data-close]")) {
      target.closest("dialog").close();
    } else if (target.closest("[data-keys]")) {
      one("#keysheet")?.showModal();
    } else if (target.matches("dialog")) {
      target.close(); // a click beside the drawer lands on the dialog itself
    }
    closeMenus(target);
  });

  // -- the drawer: one product over the list, at its own address ----------------------------------------------------

  const drawer = one("#drawer");
  const fill = async (url) => {
    await htmx.ajax("GET", url, { target: "#drawer", swap: "innerHTML" });
    if (drawer.open) one(".scroll", drawer)?.scrollTo(0, 0);
    else drawer.showModal();
  };
  if (drawer) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-drawer]");
      if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      const state = { drawer: link.href };
      if (drawer.open) history.replaceState(state, "", link.href);
      else history.pushState(state, "", link.href);
      fill(link.href);
    });
    drawer.addEventListener("close", () => { if (history.state?.drawer) history.back(); });
    window.addEventListener("popstate", (event) => {
      if (event.state?.drawer) fill(event.state.drawer);
      else if (drawer.open) drawer.close();
    });
  }

  // -- comboboxes: a text that finds something at the server, and the hidden field with the number of what was picked ---

  const combobox = (box) => {
    const [input, picked] = [one("[role=combobox]", box), one("[data-picked]", box)];
    const list = document.createElement("ul");
    list.className = "options";
    list.id = `${input.id}-options`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
    input.setAttribute("aria-controls", list.id);
    input.parentElement.append(list);
    let [timer, asked] = [0, 0];
    const options = () => all("[role=option]:not([aria-disabled])", list);
    const chosen = () => one("[aria-selected=true]", list);
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (option) => {
      chosen()?.removeAttribute("aria-selected");
      if (!option) return;
      option.setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const pick = (option) => {
      input.value = option.dataset.path;
      picked.value = option.dataset.id;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      box.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
    };
    const find = async () => {
      const [text, number] = [input.value.trim(), ++asked];
      if (!text) return close();
      const answer = await fetch(`${box.dataset.url}?${new URLSearchParams({ q: text, id: list.id })}`);
      if (!answer.ok || number !== asked) return;
      list.innerHTML = await answer.text();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    input.addEventListener("input", () => {
      picked.value = "";
      clearTimeout(timer);
      timer = setTimeout(find, 200);
    });
    input.addEventListener("keydown", (event) => {
      const [every, at] = [options(), options().indexOf(chosen())];
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) find();
        else mark(every[(at + (event.key === "ArrowDown" ? 1 : -1) + every.length) % every.length]);
      } else if (event.key === "Enter" && !list.hidden && chosen()) {
        event.preventDefault();
        pick(chosen());
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        close();
      }
    });
    input.addEventListener("blur", () => { asked += 1; close(); });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = event.target.closest("[role=option]:not([aria-disabled])");
      if (option) pick(option);
    });
  };
  all("[data-combobox]").forEach(combobox);
  document.addEventListener("htmx:afterSettle", (event) => {
    all("[data-combobox]", event.detail.elt).filter((box) => !one(".options", box)).forEach(combobox);
  });

  // -- updates ------------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:beforeRequest", (event) => {
    // Nobody looks: do not ask.
    if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    // A task that was running has ended: the page around its progress is out of date.
    if (event.detail.elt.matches?.("[data-ended]")) location.reload();
  });

  // -- keys ---------------------------------------------------------------------------------------------------------

  let waiting = 0;
  const typing = (element) => element.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
  const rows = () => all("[data-row]");
  const here = () => one("[data-row].here");
  const go = (row) => {
    if (!row) return;
    here()?.classList.remove("here");
    row.classList.add("here");
    const link = one("[data-open]", row);
    link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const list = rows();
    const at = list.indexOf(here());
    go(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))]);
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row && row !== here()) {
      here()?.classList.remove("here");
      row.classList.add("here");
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = one("details.menu[open]");
      if (menu) {
        menu.open = false;
        one("summary", menu).focus();
      }
      return;
    }
    if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (one("dialog[open]")) return;
    const now = Date.now();
    if (now - waiting < 1500) {
      waiting = 0;
      const link = one(`.nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    const actions = {
      "/": () => (one("[data-search]") ?? one("#q"))?.focus(),
      "?": () => one("#keysheet")?.showModal(),
      g: () => { waiting = now; },
      j: () => step(1),
      k: () => step(-1),
      b: () => { if (one("input.pick:checked")) one(".bulk [role=toolbar]")?.querySelector("button, select")?.focus(); },
      x: () => one("input.pick", here() ?? undefined)?.click(),
      e: () => { const menu = here() && one("details.menu", here()); if (menu) { menu.open = true; one(".entry", menu).focus(); } },
    };
    const act = actions[event.key];
    if (act && (event.key !== "x" || here())) {
      event.preventDefault();
      act();
    }
  });

  counted();
})();
