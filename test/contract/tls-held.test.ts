// That a handshake can be held where the client's name is known (Bun.listen, upgradeTLS): `true` from the
// handler of names, `resumeSNI` later, which its manual does not tell of.
import { expect, test } from 'bun:test'
import { connect, createSecureContext } from 'node:tls'
import { makePair } from '../support/pki.ts'
import { waitFor, within } from '../support/wait.ts'

interface Held {
  resumeSNI(context: object, isRefused: boolean): void
}

const contextOf = (name: string): object => createSecureContext(makePair([name])).context as object

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a handshake waits for its certificate, and one that is gone meanwhile does no harm (${maxVersion})`, async () => {
    const [base, late] = [contextOf('base.example'), contextOf('late.example')]
    const held: Held[] = []
    let closed = 0
    using listener = Bun.listen<undefined>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open(raw) {
          const options = {
            isServer: true,
            tls: { secureContext: base },
            data: undefined,
            socket: {
              serverName: (_: undefined, __: string, socket: Held) => held.push(socket) > 0,
              handshake() {},
              data() {},
              close: () => void closed++,
            },
          }
          raw.upgradeTLS(options as unknown as Parameters<typeof raw.upgradeTLS>[0])
        },
        data() {},
      },
    })
    const ask = () => {
      const socket = connect({
        ...{ port: listener.port, host: '127.0.0.1', servername: 'late.example' },
        ...{ rejectUnauthorized: false, maxVersion },
      })
      socket.on('error', () => {})
      return socket
    }
    const first = ask()
    const { promise, resolve } = Promise.withResolvers<string>()
    first.on('secureConnect', () => resolve(first.getPeerCertificate().subjectaltname ?? ''))
    await waitFor(() => held.length === 1)
    held[0]?.resumeSNI(late, false)
    expect(await within(promise, 'the handshake')).toBe('DNS:late.example')
    first.destroy()

    const gone = ask()
    await waitFor(() => held.length === 2)
    gone.destroy()
    await waitFor(() => closed === 2)
    held[1]?.resumeSNI(late, false)
    const last = ask()
    await waitFor(() => held.length === 3)
    held[2]?.resumeSNI(base, false)
    const again = Promise.withResolvers<void>()
    last.on('secureConnect', () => again.resolve())
    await within(again.promise, 'the handshake of the next')
    last.destroy()
  })
