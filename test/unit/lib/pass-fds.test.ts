import { afterEach, describe, expect, test } from 'bun:test'
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeFds, makeChannel, receiveFds, sendFds } from '../../../server/lib/pass-fds.ts'

const isLinux = process.platform === 'linux'
const ends: number[] = []
const folder = mkdtempSync(join(tmpdir(), 'fds-'))
afterEach(() => closeFds(ends.splice(0)))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function channel(): { ours: number; theirs: number } {
  const made = makeChannel()
  ends.push(made.ours, made.theirs)
  return made
}

/** Descriptors of `count` different files. */
function files(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(folder, `f${i}`)
    writeFileSync(path, String(i))
    return openSync(path, 'r')
  })
}

const inodes = (fds: readonly number[]): number[] => fds.map((fd) => fstatSync(fd).ino)
const openFds = (): number => readdirSync('/proc/self/fd').length

describe.if(isLinux)('passing descriptors', () => {
  test('descriptors arrive in order and are the same open files', () => {
    const { ours, theirs } = channel()
    const sent = files(3)
    sendFds(ours, 7, sent)
    const received = receiveFds(theirs, 7, 3)
    expect(inodes(received)).toEqual(inodes(sent))
    expect(received.some((fd) => sent.includes(fd))).toBe(false)
    closeFds([...sent, ...received])
  })

  test('more than one message takes, as for a config of hundreds of listeners', () => {
    const { ours, theirs } = channel()
    const sent = files(600)
    sendFds(ours, 1, sent)
    const received = receiveFds(theirs, 1, 600)
    expect(inodes(received)).toEqual(inodes(sent))
    closeFds([...sent, ...received])
  })

  test('descriptors of a plan that was given up are closed, not taken for others', () => {
    const { ours, theirs } = channel()
    const [old = -1, wanted = -1] = files(2)
    sendFds(ours, 1, [old, old, old])
    sendFds(ours, 2, [wanted])
    const before = openFds()
    const received = receiveFds(theirs, 2, 1)
    expect(openFds()).toBe(before + 1)
    expect(inodes(received)).toEqual(inodes([wanted]))
    closeFds([old, wanted, ...received])
  })

  test('descriptors that did not come are an error, and what came is closed', () => {
    const { ours, theirs } = channel()
    const sent = files(1)
    sendFds(ours, 1, sent)
    const before = openFds()
    expect(() => receiveFds(theirs, 1, 2)).toThrow('1 of 2 descriptors did not arrive')
    expect(openFds()).toBe(before)
    closeFds(sent)
  })

  test('no descriptors need no message', () => {
    const { ours, theirs } = channel()
    sendFds(ours, 1, [])
    expect(receiveFds(theirs, 1, 0)).toEqual([])
  })

  test('a reader that never reads is an error soon, not a wait', () => {
    const { ours } = channel()
    const sent = files(1)
    expect(() => {
      for (let i = 0; i < 5000; i++) sendFds(ours, i, sent)
    }).toThrow('could not be passed (errno 11)')
    closeFds(sent)
  })

  test('an end that is gone is an error', () => {
    const { ours, theirs } = makeChannel()
    closeFds([theirs])
    const sent = files(1)
    expect(() => sendFds(ours, 1, sent)).toThrow('could not be passed (errno 111)')
    closeFds([ours, ...sent])
  })

  test('a child inherits neither end, nor what arrived', () => {
    const { ours, theirs } = channel()
    const sent = files(1)
    sendFds(ours, 1, sent)
    const received = receiveFds(theirs, 1, 1)
    const { stdout } = Bun.spawnSync(['ls', '-l', '/proc/self/fd'])
    const listing = stdout.toString()
    for (const inode of inodes([ours, theirs])) expect(listing).not.toContain(`[${inode}]`)
    expect(listing).not.toContain(folder)
    for (const fd of sent) closeSync(fd)
    closeFds(received)
  })
})
