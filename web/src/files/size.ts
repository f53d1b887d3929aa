/** Sizes of files in words, such as "2.1 GB". */
import { locale } from '../strings/index.ts';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function sizeInWords(bytes: number, language = locale): string {
  let [value, step] = [bytes, 0];
  while (value >= 999.5 && step < units.length - 1) [value, step] = [value / 1_000, step + 1];
  const options = { style: 'unit', unit: units[step] ?? 'byte', maximumFractionDigits: step < 2 ? 0 : 1 } as const;
  return new Intl.NumberFormat(language, options).format(value);
}
