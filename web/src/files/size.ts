/** Sizes of files in words, such as "2.1 GB". */
import { locale } from '../strings/index.ts';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** Kept, because making one takes longer than all of its use. */
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(language: string, step: number): Intl.NumberFormat {
  const name = `${language} ${step}`;
  const unit = units[step] ?? 'byte';
  const format =
    formats.get(name) ??
    new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: step < 2 ? 0 : 1 });
  formats.set(name, format);
  return format;
}

export function sizeInWords(bytes: number, language = locale): string {
  let [value, step] = [bytes, 0];
  while (value >= 999.5 && step < units.length - 1) [value, step] = [value / 1_000, step + 1];
  return formatOf(language, step).format(value);
}
