// The other side of sd_notify(3): what a service manager hears.
import { ptr } from 'bun:ffi'
import { libc } from '../../server/lib/native.ts'

export interface NotifySocket extends Disposable {
  /** What was said so far: an object of assignments for each message. */
  said(): readonly Readonly<Record<string, string>>[]
}

/** Opens one at a path, or at an abstract address that begins with "@". */
export function openNotifySocket(address: string): NotifySocket {
  const [AF_UNIX, SOCK_DGRAM, SOCK_CLOEXEC, MSG_DONTWAIT] = [1, 2, 0x80000, 0x40]
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  const isAbstract = address.startsWith('@')
  const path = isAbstract ? `\0${address.slice(1)}` : `${address}\0`
  const name = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(path)])
  if (fd < 0 || libc().bind(fd, ptr(name), name.length) !== 0) throw new Error(`cannot bind ${address}`)
  const said: Readonly<Record<string, string>>[] = []
  const buffer = Buffer.alloc(4096)
  return {
    said() {
      for (;;) {
        const length = libc().recv(fd, ptr(buffer), buffer.length, MSG_DONTWAIT)
        if (length <= 0) return said
        said.push(assignmentsOf(buffer.toString('utf8', 0, length)))
      }
    },
    [Symbol.dispose]: () => void libc().close(fd),
  }
}

function assignmentsOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  )
}
