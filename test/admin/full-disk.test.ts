// The disk of the data folder is full, and that of the config file is not.
import { afterEach, expect } from 'bun:test'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlSocketName } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
const folders: string[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Of a size that no compression takes away. */
const config = (body: string, more = ''): string => `# ${randomBytes(150_000).toString('hex')}
listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: false
${more}`

/** Its data folder is a small disk of its own, which only it sees. */
async function onSmallDisk(): Promise<{ readonly gateway: Gateway; readonly data: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'full-disk-'))
  folders.push(folder)
  const script = `mkdir '${folder}/data' && mount -t tmpfs -o size=3m,mode=700 none '${folder}/data' && exec "$@"`
  const alone = ['unshare', ...(process.geteuid?.() === 0 ? [] : ['-r']), '-m', 'sh', '-c', script, 'sh']
  const gateway = await startGateway({ config: config('one'), folder, through: alone })
  gateways.push(gateway)
  return { gateway, data: `/proc/${gateway.pid}/root${folder}/data` }
}

function fill(file: string): void {
  const fd = openSync(file, 'w')
  try {
    for (const bytes of [65_536, 4096, 1]) while (writes(fd, bytes));
  } finally {
    closeSync(fd)
  }
}

function writes(fd: number, bytes: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(bytes)) === bytes
  } catch {
    return false
  }
}

needs('unshare', 'mount')(
  'revisions and edits of a full disk are kept once there is room, with what they were',
  async () => {
    const { gateway, data } = await onSmallDisk()
    const ask = async (path: string): Promise<Record<string, unknown>[]> => {
      const unix = join(data, controlSocketName(gateway.configFile))
      const answer = await fetch(`http://localhost/api/v1/${path}`, { unix })
      const body = (await answer.json()) as Record<string, Record<string, unknown>[]>
      return body['revisions'] ?? body['items'] ?? []
    }
    const history = async (): Promise<unknown[]> =>
      (await ask('config/revisions')).map(({ revision, source }) => [revision, source])
    await waitFor(async () => (await history()).length === 1, { what: 'the first revision' })
    fill(join(data, 'filler'))
    for (const body of ['two', 'three']) {
      expect(await gateway.apply(config(body))).toMatchObject({ event: 'applied' })
      expect(await (await gateway.fetch('/')).text()).toBe(body)
    }
    expect(await gateway.event('store_waits', ({ what }) => what === 'revisions')).toMatchObject({
      hint: expect.stringContaining('room') as string,
    })
    expect(await gateway.apply(config('four', 'worker: 2\n'))).toMatchObject({ event: 'rejected' })
    expect(await history()).toEqual([[1, 'start']])
    rmSync(join(data, 'filler'))
    await waitFor(async () => (await history()).length === 3, { what: 'the revisions' })
    expect(await history()).toEqual([
      [3, 'file'],
      [2, 'file'],
      [1, 'start'],
    ])
    const edits = async (): Promise<unknown[]> =>
      (await ask('audit?action=config.edit')).map(({ result, from }) => [result, from])
    await waitFor(async () => (await edits()).length === 3, { what: 'the audit' })
    expect(await edits()).toEqual([
      ['refused', 'file'],
      ['done', 'file'],
      ['done', 'file'],
    ])
  },
)
