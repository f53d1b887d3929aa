/** What a narrow screen shows one at a time. */
export type Tab = 'talk' | 'tree' | 'people';
