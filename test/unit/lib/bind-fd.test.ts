import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bindUdp, isUnixAnswered, listenUnix, SystemProblem } from '../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../server/lib/pass-fds.ts'

const opened: number[] = []
const folders: string[] = []
afterEach(() => {
  closeFds(opened.splice(0))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function bound(host: string, port: number, beside: readonly number[] = []): number {
  const socket = bindUdp(host, port, beside)
  opened.push(socket.fd)
  return socket.port
}
const lastFd = (): number => opened.at(-1) ?? -1

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof SystemProblem) return error.code
  }
  return 'none'
}

const descriptors = (): number => readdirSync('/proc/self/fd').length

describe.if(process.platform === 'linux')('UDP sockets', () => {
  test('a free port is taken, and nobody else gets it', () => {
    const port = bound('127.0.0.1', 0)
    expect(port).toBeGreaterThan(0)
    const before = descriptors()
    expect(codeOf(() => bindUdp('127.0.0.1', port))).toBe('EADDRINUSE')
    expect(codeOf(() => bindUdp('0.0.0.0', port))).toBe('EADDRINUSE')
    expect(codeOf(() => bindUdp('192.0.2.1', 0))).toBe('EADDRNOTAVAIL')
    expect(codeOf(() => bindUdp('localhost', 0))).toBe('EINVAL')
    expect(descriptors()).toBe(before)
  })

  test('every address of IPv6 leaves the port of IPv4 alone', () => {
    const port = bound('0.0.0.0', 0)
    expect(bound('::', port)).toBe(port)
    expect(codeOf(() => bindUdp('127.0.0.1', port))).toBe('EADDRINUSE')
    expect(codeOf(() => bindUdp('::1', port))).toBe('EADDRINUSE')
  })

  test('ours may overlap while one takes the place of the other; a stranger may not, then or later', () => {
    const port = bound('127.0.0.1', 0)
    const old = lastFd()
    expect(bound('0.0.0.0', port, [old])).toBe(port)
    expect(codeOf(() => bindUdp('127.0.0.1', port))).toBe('EADDRINUSE')
    const stranger = bound('127.0.0.1', 0)
    expect(codeOf(() => bindUdp('0.0.0.0', stranger, [old]))).toBe('EADDRINUSE')
  })
})

describe.if(process.platform === 'linux')('Unix sockets', () => {
  function path(): string {
    const folder = mkdtempSync(join(tmpdir(), 'unix-'))
    folders.push(folder)
    return join(folder, 's')
  }

  test('are for this user alone from the start, and leave the mask as it was', () => {
    const mask = process.umask(0o002)
    try {
      const at = path()
      opened.push(listenUnix(at, 4))
      expect(statSync(at).mode & 0o777).toBe(0o600)
      expect(process.umask()).toBe(0o002)
      expect(codeOf(() => listenUnix(at, 4))).toBe('EADDRINUSE')
      expect(process.umask()).toBe(0o002)
    } finally {
      process.umask(mask)
    }
  })

  test('answer while somebody listens, also when many wait', () => {
    const at = path()
    const before = descriptors()
    expect(isUnixAnswered(at)).toBe(false)
    const fd = listenUnix(at, 1)
    for (let i = 0; i < 8; i++) expect(isUnixAnswered(at)).toBe(true)
    closeFds([fd])
    expect(isUnixAnswered(at)).toBe(false)
    rmSync(at)
    writeFileSync(at, '')
    expect(isUnixAnswered(at)).toBe(false)
    expect(descriptors()).toBe(before)
  })

  test('a path that is too long is a problem, not another path', () => {
    expect(codeOf(() => listenUnix(`/tmp/${'x'.repeat(103)}`, 1))).toBe('ENAMETOOLONG')
    const longest = join(path(), '..', 'x'.repeat(10))
    opened.push(listenUnix(longest, 1))
    expect(isUnixAnswered(longest)).toBe(true)
  })
})
