import { expect, it } from 'vitest';
import { InOrder } from './in-order.ts';

it('hands on in the order given, at once while nothing waits, and says when all is done', async () => {
  const handed: number[] = [];
  const order = new InOrder<number>();
  const hand = (value: number): void => {
    handed.push(value);
  };
  order.add(1, hand);
  expect(handed).toEqual([1]);
  let finish: (value: number) => void = () => undefined;
  order.add(new Promise<number>((resolve) => (finish = resolve)), hand);
  order.add(3, hand);
  order.add(Promise.resolve(4), hand);
  const done = order.done().then(() => handed.slice());
  expect(handed).toEqual([1]);
  finish(2);
  expect(await done).toEqual([1, 2, 3, 4]);
  order.add(5, hand);
  expect(handed).toEqual([1, 2, 3, 4, 5]);
});
