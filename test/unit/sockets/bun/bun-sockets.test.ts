import { describe } from 'bun:test'
import { bunSockets } from '../../../../server/sockets/bun/bun-sockets.ts'
import { testConformance } from '../conformance/conformance.ts'

const CLOSES = 'Bun closes when both sides have ended, and tells no end of the other one before'

/** What Bun does, and nothing of ours can mend. */
const lacks = {
  'an end is sent behind all that was taken': CLOSES,
  'we end first: what comes is told until the other side ends': CLOSES,
  'ended by us and paused, it is closed once it has resumed and all is told': CLOSES,
  'an end that has come with the last bytes is told in the same turn, and a relay sends both in one packet':
    'Bun does not say that what it tells is the last',
  'a dial to a Unix socket connects, half-closes, and moves bytes exactly': CLOSES,
  'a reset while its reading is paused is told once, and closes behind what came before':
    'Bun does not poll what is paused: a reset is found when it is written to or read again',
  'who was reset before it was accepted is known, at the latest with its bytes':
    'Bun reads before it tells of a connection: by then the kernel knows no address any more',
}

describe('sockets of Bun', () => {
  testConformance({ name: 'bun', kind: 'bun', sockets: () => bunSockets, isBun: true, lacks })
})
