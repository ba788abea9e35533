// Commands that only the control socket answers, where there is none.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reload } from '../../../server/cli/reload.ts'
import { stop } from '../../../server/cli/stop.ts'
import { saidBy } from '../../support/command.ts'

test('a gateway that answers all the same is not called gone', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const admin = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ backends: [] }) })
  try {
    writeFileSync(join(cwd, 'sluice.yaml'), `listen: ":0"\nadmin: { bind: "127.0.0.1:${admin.port}" }\n`)
    for (const [name, command] of Object.entries({ reload, stop })) {
      const { code, err } = await saidBy((io) => command([], io), { cwd })
      expect(code).toBe(1)
      expect(err).toStartWith(
        `sluice ${name}: no gateway runs with this config (${join(cwd, 'sluice.yaml')}) and can be asked;`,
      )
      expect(err).toContain(`one answers at http://127.0.0.1:${admin.port}`)
      expect(err).toContain('HUP to reload and TERM to stop')
    }
    await admin.stop(true)
    expect((await saidBy((io) => reload([], io), { cwd })).err).toEndWith(`(${join(cwd, 'sluice.yaml')})\n`)
  } finally {
    await admin.stop(true)
    rmSync(cwd, { recursive: true })
  }
})
