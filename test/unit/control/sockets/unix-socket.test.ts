// Unix sockets of listeners: what they replace, and what never.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { isUnixAnswered, listenUnix } from '../../../../server/lib/bind-fd.ts'
import type { UnixAccess } from '../../../../server/lib/bind.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { unixListeners } from '../../../../server/lib/unix-sockets.ts'
import { Sockets } from '../../../../server/control/sockets/sockets.ts'

let folder = ''
let path = ''
let opened: Sockets[] = []
let fds: number[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-unix-'))
  path = join(folder, 'web.sock')
})
afterEach(() => {
  for (const sockets of opened) sockets.close()
  closeFds(fds)
  opened = []
  fds = []
  rmSync(folder, { recursive: true, force: true })
})

const makeSockets = (isOrphans: (inodes: ReadonlySet<string>) => boolean = () => false): Sockets => {
  const sockets = new Sockets(isOrphans)
  opened.push(sockets)
  return sockets
}
const at = (unix?: UnixAccess, where = path) => ({ web: { bind: [`unix:${where}`], unix } })
const modeOf = (file = path): string => (statSync(file).mode & 0o777).toString(8)
/** Somebody else's. */
const occupy = (where = path): number => {
  const fd = listenUnix(where, 8)
  fds.push(fd)
  return fd
}
const leaveStale = (): void => closeFds([occupy()])

describe('a Unix socket of a listener', () => {
  test('is one for all slots, for its user and group alone, and is removed at the end', () => {
    const sockets = makeSockets()
    expect(sockets.stage(at(), [0, 1, 2])).toEqual([])
    sockets.commit(at())
    expect(modeOf()).toBe('660')
    expect(isUnixAnswered(path)).toBe(true)
    expect(sockets.addresses(at())).toEqual({ web: `unix:${path}` })
    const key = `unix:${path}`
    expect(sockets.take(key, 0)).toEqual(sockets.take(key, 2))
    sockets.closeSlot(0)
    sockets.vacateSlot(1)
    expect(isUnixAnswered(path)).toBe(true)
    sockets.close()
    expect(readdirSync(folder)).toEqual([])
  })

  test('lets in whom its mode and group say, and others with the next plan only', () => {
    const sockets = makeSockets()
    sockets.stage(at({ mode: '0600', group: '0' }), [0])
    sockets.commit(at({ mode: '0600', group: '0' }))
    expect([modeOf(), statSync(path).gid]).toEqual(['600', 0])
    const inode = lstatSync(path).ino

    sockets.stage(at({ mode: '0666', group: '1' }), [0])
    sockets.drop()
    expect([modeOf(), statSync(path).gid]).toEqual(['600', 0])
    sockets.stage(at({ mode: '0666', group: '1' }), [0])
    sockets.commit(at({ mode: '0666', group: '1' }))
    sockets.drop()
    expect([modeOf(), statSync(path).gid, lstatSync(path).ino]).toEqual(['666', 1, inode])
  })

  test('goes with its listener, and with a plan that was dropped', () => {
    const sockets = makeSockets()
    sockets.stage(at(), [0])
    sockets.drop()
    expect(readdirSync(folder)).toEqual([])
    sockets.stage(at(), [0])
    sockets.commit(at())
    sockets.commit({})
    expect(readdirSync(folder)).toEqual([])
  })

  test('replaces what a killed program left behind', () => {
    leaveStale()
    expect(existsSync(path)).toBe(true)
    expect(makeSockets().stage(at(), [0])).toEqual([])
    expect(isUnixAnswered(path)).toBe(true)
    expect(readdirSync(folder)).toEqual(['web.sock'])
  })

  test('replaces that of workers whose gateway was killed', () => {
    occupy()
    const seen: string[][] = []
    const sockets = makeSockets((inodes) => seen.push([...inodes]) > 0)
    expect(sockets.stage(at(), [0])).toEqual([])
    expect(seen[0]).toHaveLength(1)
    sockets.close()
    expect(readdirSync(folder)).toEqual([])
  })

  test('never replaces one that somebody answers on', () => {
    occupy()
    const [problem] = makeSockets().stage(at(), [0])
    expect(problem?.path).toBe('listeners.web.bind')
    expect(problem?.message).toMatch(
      new RegExp(
        `^cannot listen on unix:${path}: .*\\(process ${process.pid}\\) has this socket \\(EADDRINUSE\\)$`,
      ),
    )
    expect(problem?.hint).toContain('or choose another path')
    expect(isUnixAnswered(path)).toBe(true)
  })

  test('never replaces anything that is no socket', () => {
    writeFileSync(path, 'mine')
    const message = `cannot listen on unix:${path}: something stands there that is no socket (ENOTSOCK)`
    expect(makeSockets().stage(at(), [0])).toMatchObject([{ message }])
    unlinkSync(path)
    symlinkSync(join(folder, 'elsewhere.sock'), path)
    expect(makeSockets().stage(at(), [0])).toMatchObject([{ message }])
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
  })

  test('leaves alone at its end what another one has put there since', () => {
    const sockets = makeSockets()
    sockets.stage(at(), [0])
    sockets.commit(at())
    unlinkSync(path)
    occupy()
    sockets.close()
    expect(isUnixAnswered(path)).toBe(true)
  })

  test('that cannot be made is told with what to do', () => {
    const nowhere = join(folder, 'none', 'web.sock')
    expect(makeSockets().stage(at(undefined, nowhere), [0])).toMatchObject([
      {
        message: `cannot listen on unix:${nowhere}: its folder does not exist (ENOENT)`,
        hint: expect.stringContaining('RuntimeDirectory'),
      },
    ])
    expect(makeSockets().stage(at({ mode: '0660', group: 'no-such-group' }), [0])).toMatchObject([
      {
        path: 'listeners.web.unix.group',
        message: `cannot listen on unix:${path}: there is no such group (group ENOENT)`,
      },
    ])
    expect(readdirSync(folder)).toEqual([])
  })
})

test('who listens at a path is found among the sockets of the machine', () => {
  expect(unixListeners(path).size).toBe(0)
  occupy()
  expect(unixListeners(path).size).toBe(1)
  expect(unixListeners(folder).size).toBe(0)
})
