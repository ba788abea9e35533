// What two gateways say to each other while one takes over from the other: JSON, a line each, over a pair of
// stream sockets; descriptors go beside that by a channel (lib/pass-fds.ts). Both may be of different
// versions: what is not known is left alone, and a new word is one that the other can do without.
import type { HandedPlace } from '../sockets/handed-sockets.ts'

/** Names its starter and the descriptors of both: `PID:CHANNEL:CONTROL`. */
export const HANDOVER_VARIABLE = 'SLUICE_HANDOVER'
/** Where a child has them (children/child-start.ts). */
export const CHANNEL_FD = 3
export const CONTROL_FD = 4

/** Of this many descriptors each batch is taken before the next is sent: a channel holds only so many. */
export const BATCH = 200

export type SaidByNew =
  | { readonly type: 'hello'; readonly pid: number; readonly version: string }
  /** What stands against its start; then it ends. */
  | { readonly type: 'failed'; readonly problems: readonly string[] }
  /** The config is good: it wants the data folder, if that is the same, and all sockets. */
  | { readonly type: 'wants'; readonly data: string }
  /** It has a batch. */
  | { readonly type: 'took' }
  /** All of it is ready to serve; `taken`: what it has a use for. */
  | { readonly type: 'ready'; readonly taken: readonly HandedPlace[] }
  | { readonly type: 'serving'; readonly revision: number }

/** A descriptor of a batch, in the order of the channel. */
export type HandedFd =
  | { readonly is: 'lock' }
  | { readonly is: 'lent'; readonly name: string }
  | ({ readonly is: 'socket'; readonly isLent: boolean } & HandedPlace)

export type SaidByOld =
  /** The descriptors were sent just before, with this tag. */
  | {
      readonly type: 'batch'
      readonly tag: number
      readonly fds: readonly HandedFd[]
      readonly isLast: boolean
    }
  /** Nobody accepts at what was taken any more: serve. */
  | { readonly type: 'go' }
  /** It has lived long enough: all is its own from now on. */
  | { readonly type: 'yours' }
