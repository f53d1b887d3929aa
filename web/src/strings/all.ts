/** Every language at once, for tests: the page loads the one it speaks. */
import { de } from './de.ts';
import { en, type Strings } from './en.ts';
import { es } from './es.ts';

/** The languages the page speaks, by their two letters. */
export const languages: Readonly<Record<string, Strings>> = { en, de, es };
