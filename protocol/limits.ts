/**
 * Every bound of the protocol, with its unit in its name. Source of the figures unless said otherwise: the design's
 * table of limits and defaults.
 */

/** Largest frame on a data channel, in bytes. A frame is one or more records (rule W2); SCTP sends 16 KiB whole everywhere. */
export const frameBytesMax = 16_384;
/** Bytes a record spends on its length in a frame. */
export const recordOverheadBytes = 2;
/** Largest packet, in bytes: what fits a frame alone. */
export const packetBytesMax = frameBytesMax - recordOverheadBytes;
/** Largest body of one message, in bytes, before encryption. */
export const messageBodyBytesMax = 8_192;
/** Bytes of messages up to which several share a packet: sealed, they fit a frame. Rule M2. */
export const sharedBodyBytesMax = 16_000;
/** Most nodes in a path from the root. Depth 64 with k = 2 is more peers than any room; beyond it something is wrong. */
export const pathNodesMax = 64;
/** Longest peer name, in bytes of UTF-8. */
export const nameBytesMax = 64;
/** Longest name of a channel, in bytes of UTF-8. */
export const channelBytesMax = 32;
/** Longest origin a registration may state, in bytes. */
export const originBytesMax = 255;
/** Largest sealed signal, in bytes: an SDP with its candidates is 1 to 4 KiB. */
export const signalBytesMax = 12_288;

/** Clients a peer serves unless told otherwise (k). */
export const clientsDefault = 4;
/** Most clients a peer may be configured to serve. */
export const clientsMax = 8;
/** Clients beyond k that a peer accepts for a rescue or a displacement, until the root moves them. */
export const clientsExcessMax = 2;
/**
 * Backup links of others that one peer holds. As many as clients by default: a peer's nephews are k for each uncle, and with
 * fewer, those that have clients of their own found no uncle and healed by way of the root, in 400 ms instead of 60 ms
 * (simulated churn, 20 ms links).
 */
export const backupsInMax = 4;

/** Most packets in a peer's log. */
export const logPacketsMax = 2_000;
/** Most bytes in a peer's log. */
export const logBytesMax = 4 * 1024 * 1024;
/** Age after which a packet leaves the log, in ms. Bounds how long a departed sender's stream must be remembered. */
export const logAgeMaxMs = 30 * 60_000;
/** Streams (sender and session) whose frontier is kept. Beyond it the oldest departed ones are forgotten and refused (rule L9). */
export const streamsMax = 4_096;
/** Packets held back behind a missing one, per peer, before the gap is declared without waiting longer. */
export const heldPacketsMax = 512;
/** How long a missing packet is asked for before a gap is declared, in ms. */
export const gapWaitMs = 3_000;

/** Bytes the core lets queue in one link's channel before it stops pumping the log. Keeps control packets behind at most this much. */
export const linkWindowBytes = 65_536;
/** The least of it, and what a new link starts with, in bytes: two reports of the channel, and two frames. */
export const linkWindowMinBytes = 8_192;
export const linkWindowFirstBytes = 16_384;
/** How long what is queued on a link may take to leave, in ms: on slow links the window is as small as that makes it. Rule H3. */
export const linkWindowMs = 500;
/** Messages a second, and burst, that one origin may send into a room. */
export const originRatePerSecond = 20;
export const originBurst = 60;
/**
 * How many times that rate and that burst a neighbour's own packets are read at: 200 a second, burst 1,200. A whole log of them
 * (2,000 packets, a talker cut off for 100 s) is read within 4 s, before the link would be judged silent. Rule S9.
 */
export const neighbourRateShare = 10;
export const neighbourBurstShare = 20;
/**
 * The same burst for each origin that a neighbour passes on, and for all those together that have no place in the tree: 2,700 packets,
 * a whole log of one's own or of people who left, and the presence of everybody. Rule S12.
 */
export const relayedBurstShare = 45;
/** Packets of one link that are in verification at once; the rest of what came waits unread. */
export const unverifiedMax = 128;
/** Packets that may wait on a link that is read slowly before it ends: a whole log and a little. Rule S9. */
export const waitingPacketsMax = 2_200;
/** Own packets under way to the signer at once: enough to keep it busy, few enough that a busy sender's messages gather. Rule M2. */
export const sealsInFlightMax = 2;
/** Messages accepted from the user that wait to be sealed. Beyond it `send` answers `busy`. */
export const unsealedMessagesMax = 4_096;

/** Deadline for the first hello on a new link, in ms. */
export const helloTimeoutMs = 5_000;
/** Deadline for a link from assignment to open channel, in ms. */
export const connectTimeoutMs = 15_000;
/** Life of a ticket, in ms. The slot returns when it passes unconfirmed. */
export const ticketLifeMs = 15_000;
/** Deadline for the answer to a rescue asked over a warm backup, in ms; after it the orphan goes to the root. */
export const rescueTimeoutMs = 1_500;
/** Deadline for the root's answer to a registration or an advertise, in ms. */
export const rootAnswerTimeoutMs = 5_000;

/** A ping is due when a link sent none for this long, in ms. */
export const pingPeriodMs = 1_500;
/** How much earlier a ping may go, in ms, so that a peer's links are pinged together: one wake-up a period, not one a link. */
export const pingTogetherMs = 300;
/** Silence in either direction after which a link is held to be dead, in ms: three pings and a little. */
export const linkDeadAfterMs = 5_000;
/** A turn of the loop that comes this late means the process slept, in ms; links get one more ping before they are judged. */
export const sleptAfterMs = 3_000;

/** Time between two sweeps of the reunion, in ms. */
export const reunionPeriodMs = 4_000;
/** How long a peer waits for its clients' folds before it sends its own up without them, in ms. */
export const foldWaitMs = 1_000;
/** Time without an answer from above, and without HEALING, after which the path to the root is held to be dead, in ms. */
export const pathDeadAfterMs = 10_000;
/**
 * How old the root's signed word in a sweep may be, in ms, to say that the root is there: as long as a path lives without one.
 * An honest one is as old as a period and the way down. Rule U7.
 */
export const attestationAgeMaxMs = 10_000;
/** How much faster one clock may go than another, as a share: ten times what quartz does. What it makes up is no age. */
export const clockDriftMax = 0.001;
/** How long HEALING from above holds a peer's timers, in ms. */
export const healingHoldMs = 20_000;
/** Changes of edges are gathered this long before they go on, in ms. */
export const edgesFlushMs = 60;
/** Peers in a room up to which everybody keeps the whole picture. */
export const fullPictureMax = 500;
/** How long a vanished peer's edge is remembered, in ms, so that an older report cannot bring it back. */
export const edgeTombstoneMs = 60_000;

/** Shortest and longest wait before advertising again, in ms; doubling between, with full jitter. */
export const backoffMinMs = 250;
export const backoffMaxMs = 15_000;
/** How long after attaching a backup is asked for, in ms (plus jitter of the same size). */
export const backupDelayMs = 500;
/**
 * While somebody new came within `backupDelayMs`, a backup waits, but no longer than this in all, in ms. Backups are half of a room's
 * connections, and making them took a quarter of the time in which 16 pages joined at once on two cores. Rule H7.
 */
export const backupWaitMaxMs = 5_000;
/** How long until a backup is asked for again when the root had none, in ms. */
export const backupRetryMs = 10_000;
/** Peers that re-register after the root returned spread over this long, in ms. */
export const reRegisterJitterMs = 2_000;

/** How long a parent that was complained about is not given to the same peer again, in ms. */
export const complaintBlockMs = 60_000;
/** Complaints of one peer a minute, and at once, that are held against whom it names; the others keep it from them only. Rule R13. */
export const complaintsPerMinute = 10;
/** How long a pair between which no link came about is put together only where nothing else is left, in ms. */
export const failedPairMs = 900_000;
/** How long a peer whose socket closed keeps its place in the root's tree, in ms, unless its parent says it is gone. */
export const absentGraceMs = 10_000;
/** A peer counts as proven stable after this long in a room, in ms. */
export const stableAfterMs = 60_000;
/** Time between two rounds of the root's balancing, in ms: one reunion period. */
export const balancePeriodMs = 4_000;
/** Share of a room's peers that one round of balancing may move (at least one peer). */
export const balanceShareMax = 0.01;
/** How long after its start a root without state waits for peers that say who their parent is, in ms, before it moves anybody. */
export const adoptionGraceMs = 6_000;
/** Deadline for a registration on a new socket, in ms. */
export const registerDeadlineMs = 10_000;
/** Life of a challenge, in ms; used once. */
export const challengeLifeMs = 30_000;
/** Packets a second, and burst, on one socket of the root. */
export const socketRatePerSecond = 20;
export const socketBurst = 60;
/** Signals the root relays in each direction for one ticket. */
export const signalsPerTicketMax = 40;
/** Largest packet the root takes from a socket, in bytes. */
export const rootBodyBytesMax = 32_768;
/** Sockets per IPv4 address or IPv6 /64: a class shares one address. */
export const socketsPerAddressMax = 500;
/** How many times the bounds of one /64 an IPv6 /48 has: a site holds 65,536 of them, and somebody who rents one has them all. */
export const siteShare = 4;
/** New sockets a second for each that an address may have, and the burst: the class comes, reloads, and a few stay outside. */
export const opensPerSocketSecond = 0.1;
export const opensPerSocketBurst = 2;
export const opensBurstMin = 100;
/** Packets a second for each socket that an address may have, and the burst: a join with its signals takes about 30. */
export const addressPacketsPerSocketSecond = 4;
export const addressPacketsPerSocketBurst = 40;
export const addressPacketsBurstMin = 1_000;
/** Sockets in one root process. */
export const socketsMax = 10_000;
/** Registrations a second that a root takes without asking for work, and for how many seconds it stores what is left of them. */
export const joinsPerSecondMax = 100;
export const joinBurstSeconds = 10;
/**
 * Newcomers a second that one room takes as usual, ten seconds' worth at once. Beyond that they are on probation for so long, in ms: given
 * no clients while anybody else has room. Rule A12.
 */
export const roomJoinsPerSecondMax = 20;
export const probationMs = 10_000;
/** Newcomers on probation that are passed over in looking for somebody else, so that placing does not grow with the crowd. */
export const passedOverMax = 64;
/**
 * Work that is asked for beyond, in bits: 2^16 hashes are about 0.1 s on a desktop and a second on a phone, well within the
 * deadline for the answer. A peer does no more than that for any root.
 */
export const workBitsMin = 10;
export const workBitsMax = 16;
/** Peers in one room. */
export const roomPeersMax = 20_000;

/** ICE servers that a root hands to its peers, addresses of each, and the longest address or credential, in bytes. */
export const iceServersMax = 8;
export const iceUrlsMax = 4;
export const iceTextBytesMax = 255;
/** Life of a TURN credential, in ms, and how long before its end a peer is handed another one. */
export const turnLifeMs = 1_800_000;
export const turnRenewBeforeMs = 300_000;

/** Bytes of a file in one chunk: what fits a frame beside the packet's own parts and the encryption's tag. */
export const chunkBytesMax = 16_128;
/** Files of a room that a peer keeps at once, being sent or received or held for others. */
export const filesMax = 32;
/** Longest file name and media type, in bytes of UTF-8. */
export const fileNameBytesMax = 200;
export const fileTypeBytesMax = 100;
/** Largest file, in bytes. */
export const fileSizeMax = 2 * 1024 * 1024 * 1024;
/** Bytes of file chunks let into a link's channel at once: smaller than the window, so that messages pass (rule F4). */
export const fileWindowBytes = 49_152;
/** Chunks under way to one neighbour that it has not said to have taken: as much as a long, fast link holds. */
export const chunksUnderWayMax = 256;
/** Chunks read from storage ahead for one link. */
export const chunkReadsMax = 3;
/** Time between two reports of progress, in ms. */
export const progressPeriodMs = 1_000;

/** Newest packets of a stream that receipts tell of: what is older was told of. Rule T1. */
export const receiptWindow = 32;
/** Streams that receipts are kept for, the ones spoken in last; and how many go into one packet. */
export const receiptStreamsMax = 256;
export const receiptEntriesMax = 64;
/** How long after the last packet of a stream its receipts are passed on, in ms. */
export const receiptKeepMs = 600_000;
/** How long a sender is told of new receipts for a packet, in ms: less than others keep them, so that a count never falls by forgetting. */
export const receiptToldMs = 300_000;
/** Time between two reports of receipts on one edge, in ms, and what each peer of the room adds to it: hundreds talk no more than a few. */
export const receiptPeriodMs = 500;
export const receiptPeriodPerPeerMs = 4;
/** How long the first report waits for what comes from below, in ms: a little, and so much for each level below. */
export const receiptWaitMs = 60;
export const receiptWaitPerLevelMs = 80;

/** How much longer a count must have been less than not before the user is told, in ms: a subtree that heals is back before. */
export const receiptFallMs = 5_000;
/** How long a count must be up again at what it fell from before the user is told, in ms: a subtree that moves is counted twice. */
export const receiptBackMs = 3_000;

/** Shortest time between two changes of "is typing" that one peer tells, in ms. Rule T6. */
export const typingPeriodMs = 2_000;
/** The same as others hold it to, in ms: the network may bring two of them closer together. */
export const typingRelayPeriodMs = 500;
/** How long somebody is held to be typing after the last word of it, in ms. Rule T7. */
export const typingLifeMs = 6_000;
/** People of whom it is noted whether they type. */
export const typingMax = 500;

/** Inputs the shell keeps for a replay, and bytes of packets in them: 10,000 messages of a talk are 5 MB, as many of 8 KiB were 160. */
export const journalInputsMax = 10_000;
export const journalBytesMax = 8 * 1024 * 1024;
/** Random numbers of the core that go with them: it draws some tens a minute. */
export const journalNumbersMax = 100_000;

/**
 * The audit round: time between two comparisons of streams with each neighbour, backups included, in ms. About three pings,
 * so that what is merely on its way has come. Rule K3.
 */
export const auditPeriodMs = 5_000;
/**
 * Rounds in which a parent did not send what it said it had sent, after which a peer complains and leaves it, and how long such a
 * round counts, in ms. One may be an accident of the network. Rule K5.
 */
export const droppedRounds = 3;
export const droppedLifeMs = 60_000;
/** Streams that one audit tells of, the most recent: 2.8 KB a link and round at most. Rule K3. */
export const auditEntriesMax = 64;
/** Proofs of forks that are kept for new neighbours, the newest: 1 MiB with the longest packets. Rule K2. */
export const forkProofsMax = 64;

/**
 * Ids that one order of a room's owner names: 950 of 16 bytes fit one packet. A room of more people than `orderAdmittedMax`, which
 * is as many as everybody knows of, cannot be locked. Rule O2.
 */
export const orderSpeakersMax = 100;
export const orderRemovedMax = 350;
export const orderAdmittedMax = 500;
/** Rooms whose order a root keeps after everybody has left, so that a lock outlives a reload; the oldest go first. Rule O6. */
export const ordersKeptMax = 1_000;
