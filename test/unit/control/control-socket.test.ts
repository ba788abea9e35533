import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControlSocket, controlSocketPath } from '../../../server/control/control-socket.ts'
import { waitFor } from '../../support/wait.ts'
import { turnListener } from '../../support/turn-config.ts'
import { configOf } from './relay/turn-config.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function scene(): { readonly control: ControlSocket; readonly notes: string[]; readonly data: string } {
  const data = mkdtempSync(join(tmpdir(), 'control-'))
  folders.push(data)
  const notes: string[] = []
  const control = new ControlSocket((path) => {
    if (existsSync(path)) return Promise.reject(new Error('EADDRINUSE'))
    notes.push('open')
    return Promise.resolve({ stop: () => notes.push('stop') })
  })
  return { control, notes, data }
}

const FILE = '/etc/sluice.yaml'

describe('the control socket', () => {
  test('has its place in the data folder, by the config file', () => {
    expect(controlSocketPath('/data', FILE)).toMatch(/^\/data\/control-[0-9a-f]{16}\.sock$/)
    expect(controlSocketPath('/data', '/etc/x/../sluice.yaml')).toBe(controlSocketPath('/data', FILE))
    expect(controlSocketPath('/data', '/etc/other.yaml')).not.toBe(controlSocketPath('/data', FILE))
  })

  test('is open from the first config to the end, with and without turn listeners', async () => {
    const { control, notes, data } = scene()
    const [without, withTurn] = [configOf({}, { data }), configOf({ turn: turnListener() }, { data })]
    await control.apply(without, FILE)
    expect(notes).toEqual(['open'])
    await control.apply(withTurn, FILE)
    await control.apply(without, FILE)
    control.stop()
    control.stop()
    await control.apply(without, FILE)
    expect(notes).toEqual(['open', 'stop'])
  })

  test('whose file was removed, or replaced by one that leads nowhere, is opened again', async () => {
    const data = scene().data
    const notes: string[] = []
    const control = new ControlSocket((path) => {
      notes.push('open')
      writeFileSync(path, '')
      return Promise.resolve({ stop: () => notes.push('stop') })
    })
    expect(await control.look()).toBe(false)
    await control.apply(configOf({}, { data }), FILE)
    const path = controlSocketPath(data, FILE)
    expect(await control.look()).toBe(false)
    rmSync(path)
    expect(await control.look()).toBe(true)
    writeFileSync(`${path}.other`, '')
    renameSync(`${path}.other`, path)
    expect([await control.look(), await control.look()]).toEqual([true, false])
    expect(notes).toEqual(['open', 'stop', 'open', 'stop', 'open'])
    control.stop()
    rmSync(path)
    expect(await control.look()).toBe(false)
  })

  test('one that is stopped while it opens does not stay open', async () => {
    const opening = Promise.withResolvers<{ stop(): void }>()
    const notes: string[] = []
    const control = new ControlSocket(() => {
      notes.push('open')
      return opening.promise
    })
    control.apply(configOf({ turn: turnListener() }, { data: scene().data }), FILE)
    await waitFor(() => notes.length === 1)
    control.stop()
    opening.resolve({ stop: () => notes.push('stop') })
    await waitFor(() => notes.length === 2)
    expect(notes).toEqual(['open', 'stop'])
  })

  test('takes the place of what was left behind, not that of a gateway that runs', async () => {
    const { control, notes, data } = scene()
    const config = configOf({ turn: turnListener() }, { data })
    const path = controlSocketPath(data, FILE)
    writeFileSync(path, 'left behind')
    control.apply(config, FILE)
    await waitFor(() => notes.length === 1)
    expect(existsSync(path)).toBe(false)

    const other = Bun.listen({ unix: path, socket: { data() {} } })
    const second = new ControlSocket(() => {
      notes.push('second')
      return Promise.reject(new Error('EADDRINUSE'))
    })
    second.apply(config, FILE)
    await waitFor(() => notes.includes('second'))
    expect(existsSync(path)).toBe(true)
    other.stop(true)
  })
})
