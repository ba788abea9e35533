import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfig } from '../../../server/config/load.ts'
import { finishMs } from '../../../server/lib/drain.ts'

const ROOT = join(import.meta.dir, '../../..')
const instructions = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
const unit = readFileSync(join(ROOT, 'deploy/sluice.service'), 'utf8')

const minimal = loadConfig(
  '/etc/sluice/sluice.yaml',
  {},
  {
    readFile: () => Buffer.from('listen: "127.0.0.1:0"\nbackends: [{ url: "http://127.0.0.1:1" }]\n'),
  },
)
if (!minimal.ok) throw new Error(JSON.stringify(minimal.problems))
const { config } = minimal

test('in the image the default data folder is the volume', () => {
  expect(dirname(config.data)).toBe('/etc/sluice')
  expect(instructions.join('\n')).toContain(`ln -s /data ${config.data}`)
  expect(instructions).toContain('VOLUME /data')
})

test('the image shows no admin port, and is not unhealthy because of a server that is down', () => {
  expect(instructions.filter((line) => line.startsWith('EXPOSE'))).toEqual(['EXPOSE 8080 8443'])
  const check = instructions.find((line) => line.startsWith('HEALTHCHECK')) ?? ''
  expect(check).toContain('"metrics"')
})

test('the unit closes no system call that sockets are made of', () => {
  const filters = /^SystemCallFilter=(.*)$/m.exec(unit)?.[1]
  // Whoever adds one finds here what it must have in it.
  if (filters !== undefined) expect(filters).toMatch(/@system-service|@aio|io_uring_setup/)
  expect(unit).not.toContain('MemoryDenyWriteExecute=yes')
})

test('the unit waits for a default drain, and says that it has to', () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])
  expect(seconds * 1000).toBeGreaterThan(finishMs(config.drain) + 2000)
  expect(unit).toContain('longer than `drain`')
})
