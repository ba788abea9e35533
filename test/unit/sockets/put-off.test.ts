// Handshakes that Bun puts off until its next turn: nothing tells that there are any.
import { test } from 'bun:test'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { acceptTls, alpnList } from '../../../server/tls/accept-tls.ts'
import { Certificate } from '../../../server/tls/certificate.ts'
import { libc } from '../../../server/lib/native.ts'
import { pause, within } from '../../support/wait.ts'
import { certificateText, tlsOf } from '../turn/stream-scene.ts'
import { pairOfFds } from '../turn/sockets/net.ts'
import { onLoop } from './on-loop.ts'

/** A client that wants no handshake. */
const ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 40])

test('those of a turn that it was given for something else are gone on with', () =>
  onLoop(false, async ({ inEvent }) => {
    const tls = tlsOf(new Certificate(certificateText()))
    const pairs = Array.from({ length: 10 }, pairOfFds)
    const { promise, resolve } = Promise.withResolvers<void>()
    let ended = 0
    const onHandshake = (): void => void (++ended === pairs.length && resolve())
    for (const [ours] of pairs)
      acceptTls(bunSockets.adopt(ours), {
        alpn: alpnList([]),
        owner: { ...NOBODY, tls, shakenBy: null, onHandshake },
      })
    // Nothing is left to do of what came before.
    for (let turns = 0; turns < 8; turns++) await pause(0)
    // It has its turn at once, of which an immediate is the reason: nobody has looked who else has something.
    inEvent(() => {
      for (const [, theirs] of pairs) libc().send(theirs, ALERT, ALERT.length, 0)
      setImmediate(() => {})
    })
    await within(promise, 'the end of all handshakes', () => ended)
    for (const [, theirs] of pairs) libc().close(theirs)
  }))
