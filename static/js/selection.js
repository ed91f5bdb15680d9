/* Cards from a passage: select words in an answer or a text, and a button offers itself. */
"use strict";

(() => {
  const form = document.querySelector("[data-selection]");
  if (!form) return;
  const BEFORE = 200;
  const LEAST_WORDS = 3;
  const TEXTS = "[data-select], .message--answer:not([data-stream]) .prose";
  const BLOCKS = "p, li, pre, blockquote, tr, h1, h2, h3, h4, h5, h6";
  const wide = matchMedia("(min-width: 48rem)");
  const nobody = "00000000-0000-0000-0000-000000000000";

  function place(element) {
    const text = element?.closest(TEXTS);
    if (!text) return null;
    const message = text.closest(".message--answer");
    const id = text.dataset.select || message?.id.replace("message-", "");
    return id ? { text, id } : null;
  }

  // As memoryloop/words.py: Chinese and Japanese have two letters a word, Thai and its like five.
  const DENSE = [[/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+/gu, 2], [/[\p{sc=Thai}\p{sc=Lao}\p{sc=Mymr}\p{sc=Khmr}]+/gu, 5]];
  function countWords(words) {
    let count = 0;
    for (const [run, letters] of DENSE) {
      count += [...words.matchAll(run)].reduce((sum, [found]) => sum + Math.ceil([...found].length / letters), 0);
      words = words.replace(run, " ");
    }
    return count + words.split(/\s+/).filter(Boolean).length;
  }
  const elementOf = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement);

  function selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const found = place(elementOf(range.startContainer));
    const words = selection.toString().trim();
    // A selection that runs on into another text belongs to none.
    if (!found || !found.text.contains(range.endContainer) || countWords(words) < LEAST_WORDS) return null;
    const lead = document.createRange();
    lead.setStart(found.text, 0);
    lead.setEnd(range.startContainer, range.startOffset);
    return { ...found, words, before: lead.toString().slice(-BEFORE), range };
  }

  function show() {
    const found = selected();
    if (!found) {
      if (!form.contains(document.activeElement)) form.hidden = true;
      return;
    }
    form.action = form.dataset.url.replace(nobody, found.id);
    form.elements.words.value = found.words;
    form.elements.before.value = found.before;
    form.hidden = false;
    form.classList.toggle("is-placed", wide.matches);
    if (!wide.matches) {
      form.style.removeProperty("top");
      form.style.removeProperty("left");
      return;
    }
    const box = found.range.getBoundingClientRect();
    const own = form.getBoundingClientRect();
    const below = box.bottom + 8 + own.height < innerHeight;
    const top = below ? box.bottom + 8 : Math.max(8, box.top - own.height - 8);
    form.style.top = `${Math.max(8, Math.min(top, innerHeight - own.height - 8))}px`;
    form.style.left = `${Math.max(8, Math.min(box.left, innerWidth - own.width - 8))}px`;
  }

  /* Return the paragraphs of a text as ranges; of one without markup those between blank lines. */
  function paragraphs(text) {
    const blocks = [...text.querySelectorAll(BLOCKS)].filter((block) => !block.querySelector(BLOCKS));
    if (blocks.length) {
      return blocks.map((block) => {
        const range = document.createRange();
        range.selectNodeContents(block);
        return range;
      });
    }
    const nodes = [];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let at = 0; walker.nextNode(); at += walker.currentNode.length) nodes.push([walker.currentNode, at]);
    const boundary = (offset) => {
      const [node, at] = nodes.findLast(([, from]) => from <= offset) ?? nodes[0];
      return [node, Math.min(offset - at, node.length)];
    };
    return [...text.textContent.matchAll(/\S(?:(?!\n\s*\n)[^])*/g)].map((match) => {
      const range = document.createRange();
      range.setStart(...boundary(match.index));
      range.setEnd(...boundary(match.index + match[0].trimEnd().length));
      return range;
    });
  }

  /* Select the next paragraph, or the one before; first of all the newest text's first. */
  function selectParagraph(back) {
    const texts = [...document.querySelectorAll(TEXTS)].map((text) =>
      paragraphs(text).filter((range) => countWords(range.toString()) >= LEAST_WORDS),
    );
    const all = texts.flat();
    if (!all.length) return;
    const selection = document.getSelection();
    const now = selection.rangeCount && selected() ? selection.getRangeAt(0) : null;
    const side = back ? Range.START_TO_START : Range.END_TO_END;
    const beyond = (range) => range.compareBoundaryPoints(side, now) * (back ? -1 : 1) > 0;
    let next = all.indexOf(texts.findLast((ranges) => ranges.length)[0]);
    if (now) next = back ? all.findLastIndex(beyond) : all.findIndex(beyond);
    if (next < 0) return;
    selection.removeAllRanges();
    selection.addRange(all[next]);
    elementOf(all[next].startContainer).scrollIntoView({ block: "nearest" });
  }

  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 150);
  });
  document.addEventListener("scroll", () => {
    if (!form.hidden && wide.matches) show();
  }, { passive: true, capture: true });
  // By keyboard: paragraphs one after the other, Shift and the arrows from there as in any text.
  // The button is at the page's end, so a key leads to it.
  window.shortcuts.add(({ key, shiftKey }) => {
    if (key === "Escape" && !form.hidden) return { run: () => { form.hidden = true; } };
    if (key.toLowerCase() === "v") return { atOnce: true, repeats: true, run: () => selectParagraph(shiftKey) };
    return key === "c" && !form.hidden ? { run: () => form.requestSubmit() } : null;
  });
})();
