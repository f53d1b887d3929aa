/** Notifications of the browser, for messages that arrive while nobody looks. Only if somebody asked for them. */
import { type Message } from '../../../client/api.ts';
import { recall, remember } from './memory.ts';

export class Notifier {
  on = $state(false);
  blocked = $state(false);
  readonly possible = 'Notification' in window && window.isSecureContext;

  constructor() {
    if (!this.possible) return;
    this.blocked = Notification.permission === 'denied';
    this.on = Notification.permission === 'granted' && recall('notify') === 'yes';
  }

  async toggle(): Promise<void> {
    if (this.on) {
      this.on = false;
      remember('notify', undefined);
      return;
    }
    const permission = await Notification.requestPermission();
    this.blocked = permission === 'denied';
    this.on = permission === 'granted';
    if (this.on) remember('notify', 'yes');
  }

  /** Shows a message, or words about something else that came, when the page is hidden. */
  tell(name: string, message: Pick<Message, 'text' | 'from'>): void {
    if (!this.on || !document.hidden) return;
    try {
      const shown = new Notification(name, { body: (message.text ?? '').slice(0, 200), tag: message.from });
      shown.addEventListener('click', () => {
        window.focus();
        shown.close();
      });
    } catch {
      // Phones allow this only from a service worker.
    }
  }
}
