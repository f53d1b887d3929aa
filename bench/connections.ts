/** Counts the RTCPeerConnections of a page, whoever makes them: runs in each page before its own scripts. */
export function countConnections(): void {
  const made: WeakRef<RTCPeerConnection>[] = [];
  const counted = new Proxy(window.RTCPeerConnection, {
    construct(target, args, newTarget) {
      const connection = Reflect.construct(target, args, newTarget) as RTCPeerConnection;
      made.push(new WeakRef(connection));
      return connection;
    },
  });
  window.RTCPeerConnection = counted;
  Object.assign(window, { webkitRTCPeerConnection: counted });
  window.benchConnections = () => ({
    connectionsMade: made.length,
    connectionsOpen: made.filter((one) => (one.deref()?.connectionState ?? 'closed') !== 'closed').length,
  });
}
