import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { doorPath, openDoor, type Door } from '../../../../server/control/relay/door.ts'
import { isUnixAnswered } from '../../../../server/lib/bind-fd.ts'
import { DOOR } from '../../../../server/turn/messages.ts'

const folders: string[] = []
const doors: Door[] = []
afterEach(() => {
  for (const door of doors.splice(0)) door.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'door-'))
  folders.push(made)
  return made
}

function open(path: string): Door {
  const door = openDoor(path)
  doors.push(door)
  return door
}

const mode = (path: string): number => statSync(path).mode & 0o777

describe.if(process.platform === 'linux')('the door', () => {
  test('stands in the data folder, for this user alone, until it is closed', () => {
    const data = join(folder(), 'data')
    const path = doorPath(data, '/etc/sluice.yaml')
    expect(path).toMatch(/\/data\/turn-[0-9a-f]{16}\.sock$/)
    expect(doorPath(data, '/etc/other.yaml')).not.toBe(path)
    const door = open(path)
    expect([mode(data), mode(path)]).toEqual([0o700, 0o600])
    expect(door.socket).toMatchObject({ listener: DOOR, host: '', port: 0 })
    expect(isUnixAnswered(path)).toBe(true)
    doors.splice(0)
    door.close()
    expect(existsSync(path)).toBe(false)
    expect(existsSync(data)).toBe(true)
  })

  test('takes the place of what a killed supervisor left behind, not that of a gateway that runs', () => {
    const data = folder()
    const path = doorPath(data, '/etc/sluice.yaml')
    writeFileSync(path, 'left behind')
    expect(doorPath(data, '/etc/sluice.yaml')).toBe(path)
    open(path)
    const other = doorPath(data, '/etc/sluice.yaml')
    expect(basename(other)).toMatch(new RegExp(`^turn-[0-9a-f]{16}-${process.pid}\\.sock$`))
    open(other)
    expect(isUnixAnswered(path)).toBe(true)
  })

  test('that another gateway has put there since is left alone', () => {
    const path = doorPath(folder(), '/etc/sluice.yaml')
    const first = open(path)
    rmSync(path)
    open(path)
    doors.splice(0, 1)
    first.close()
    expect(isUnixAnswered(path)).toBe(true)
  })

  test('of another gateway that came in between is not taken away', () => {
    const path = doorPath(folder(), '/etc/sluice.yaml')
    const theirs = open(path)
    expect(() => openDoor(path)).toThrow('another gateway with this config')
    expect(isUnixAnswered(path)).toBe(true)
    expect(existsSync(path)).toBe(true)
    doors.splice(0)
    theirs.close()
  })

  test('can be closed when its folder is gone', () => {
    for (const name of ['x', 'y'.repeat(80)]) {
      const path = doorPath(join(folder(), name), '/etc/sluice.yaml')
      const door = open(path)
      rmSync(dirname(path), { recursive: true })
      doors.splice(0)
      door.close()
    }
  })

  test('has a folder of its own among temporary files where the path would be too long', () => {
    const path = doorPath(join(folder(), 'x'.repeat(80)), '/etc/sluice.yaml')
    expect(Buffer.byteLength(path)).toBeLessThan(108)
    expect(dirname(dirname(path))).toBe(tmpdir())
    const door = open(path)
    expect([mode(dirname(path)), mode(path)]).toEqual([0o700, 0o600])
    doors.splice(0)
    door.close()
    expect(existsSync(dirname(path))).toBe(false)
  })

  test('is not put into a folder there that others can enter', () => {
    const path = doorPath(join(folder(), 'y'.repeat(80)), '/etc/sluice.yaml')
    folders.push(dirname(path))
    mkdirSync(dirname(path), { mode: 0o755 })
    expect(() => openDoor(path)).toThrow('is not ours alone')
    expect(existsSync(path)).toBe(false)
  })
})
