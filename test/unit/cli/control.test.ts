// Commands that only the control socket answers, where there is none.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askGateway } from '../../../server/cli/gateway.ts'
import { reload } from '../../../server/cli/reload.ts'
import { stop } from '../../../server/cli/stop.ts'
import { saidBy } from '../../support/command.ts'

test('one that hangs is asked once: its other door leads to the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const unix = join(folder, 'hangs.sock')
  const hanging = Bun.listen({ unix, socket: { data() {} } })
  let asked = 0
  const admin = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => {
      asked++
      return Response.json({})
    },
  })
  try {
    const ways = [{ unix }, { url: `http://127.0.0.1:${admin.port}` }]
    const gateway = { command: 'status', ways, closed: null, whenNone: 'none', isRemote: false }
    const { err } = await saidBy(async (io) => {
      await askGateway(gateway, { method: 'GET', path: '/_health', timeoutMs: 50 }, io)
      return 1
    })
    expect(err).toBe(`sluice status: ${unix} did not answer within 0.05 s\n`)
    expect(asked).toBe(0)
  } finally {
    hanging.stop(true)
    await admin.stop(true)
    rmSync(folder, { recursive: true })
  }
})

test('a gateway that answers all the same is not called gone', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const admin = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ backends: [] }) })
  try {
    writeFileSync(join(cwd, 'sluice.yaml'), `listen: ":0"\nadmin: { bind: "127.0.0.1:${admin.port}" }\n`)
    for (const [name, command] of Object.entries({ reload, stop })) {
      const { code, err } = await saidBy((io) => command([], io), { cwd })
      expect(code).toBe(1)
      expect(err).toStartWith(
        `sluice ${name}: no control socket of this config (${join(cwd, 'sluice.yaml')}) is open; a gateway answers`,
      )
      expect(err).toContain(`a gateway answers at http://127.0.0.1:${admin.port}`)
      expect(err).toContain('HUP to reload and TERM to stop')
    }
    await admin.stop(true)
    expect((await saidBy((io) => reload([], io), { cwd })).err).toEndWith(`(${join(cwd, 'sluice.yaml')})\n`)
  } finally {
    await admin.stop(true)
    rmSync(cwd, { recursive: true })
  }
})
