/** Wheel, drag and pinch on the picture, as an attachment. */
import { type Attachment } from 'svelte/attachments';
import { type Viewport } from './viewport.svelte.ts';

/** A pointer that moved less than this, in CSS pixels, clicked. */
const dragFromPx = 5;

export function gestures(viewport: Viewport): Attachment<HTMLElement> {
  return (element) => {
    const pointers = new Map<number, { x: number; y: number }>();
    let start: { x: number; y: number } | undefined;
    let dragging = false;

    const at = (event: { clientX: number; clientY: number }) => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const spanOf = () => {
      const [a, b] = [...pointers.values()];
      if (a === undefined || b === undefined) return undefined;
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.hypot(a.x - b.x, a.y - b.y) };
    };

    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      viewport.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), at(event), false);
    };
    const down = (event: PointerEvent) => {
      if (event.pointerType === 'mouse' && event.button !== 0) return;
      pointers.set(event.pointerId, at(event));
      start ??= at(event);
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined || start === undefined) return;
      const now = at(event);
      if (!dragging) {
        if (pointers.size < 2 && Math.hypot(now.x - start.x, now.y - start.y) < dragFromPx) return;
        dragging = true;
        for (const id of pointers.keys()) element.setPointerCapture(id);
      }
      const spanBefore = spanOf();
      pointers.set(event.pointerId, now);
      const span = spanOf();
      if (span !== undefined && spanBefore !== undefined) {
        viewport.pan(span.x - spanBefore.x, span.y - spanBefore.y);
        if (spanBefore.length > 0) viewport.zoom(span.length / spanBefore.length, span, false);
      } else viewport.pan(now.x - before.x, now.y - before.y);
    };
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
      if (pointers.size === 0) start = undefined;
    };
    // The click that ends a drag is none.
    const click = (event: MouseEvent) => {
      if (dragging) event.stopPropagation();
      dragging = false;
    };

    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    element.addEventListener('click', click, { capture: true });
    return () => {
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.removeEventListener('click', click, { capture: true });
    };
  };
}
