// npm run dev, in a copy of the sources: what is changed there is seen in the browser.
import { expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning, killAll, sendSignal, treeOf } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const ROOT = join(import.meta.dir, '../..')

test('npm run dev serves the dashboard as it is just now, and Ctrl-C ends all of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-dev-'))
  const copy = join(folder, 'copy')
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  for (const name of ['server', 'config', 'web', 'dev.ts', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  rmSync(join(copy, 'web/dist'), { recursive: true, force: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const dev = Bun.spawn([process.execPath, '--no-env-file', 'dev.ts'], {
    ...{ cwd: copy, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
    env: { ...process.env, TMPDIR: temporary },
  })
  let said = ''
  const reading = (async () => {
    for await (const chunk of dev.stdout.pipeThrough(new TextDecoderStream())) said += chunk
  })()
  try {
    const urls = () => [...said.matchAll(/(http:\S+)\/_health/g)].map(([, url = '']) => url)
    const admin = await waitFor(() => urls()[0], { what: 'the address of the demo' })
    const scriptAt = async (url: string): Promise<string | undefined> =>
      /assets\/[\w.-]+\.js/.exec(await (await fetch(`${url}/_admin/a/b`)).text())?.[0]
    const before = await waitFor(() => scriptAt(admin), { what: 'the page' })
    // While it is built anew, as for files that have just come, it is not there for a moment.
    const script = await waitFor(async () => {
      const found = await fetch(`${admin}/_admin/${before}`)
      return found.status === 200 ? found : null
    })
    expect(script.headers.get('content-type')).toBe('text/javascript;charset=utf-8')
    expect(script.headers.get('content-security-policy')).toContain("default-src 'none'")

    // A mistake is told, and what was built before stays until it is mended.
    const main = join(copy, 'web/main.tsx')
    writeFileSync(main, 'import { render ')
    await waitFor(() => said.includes('the dashboard could not be built'))
    writeFileSync(main, "document.title = 'changed by the test'\n")
    const now = await waitFor(async () => {
      const path = await scriptAt(admin)
      return path === undefined || path === before ? null : (await fetch(`${admin}/_admin/${path}`)).text()
    })
    expect(now).toContain('changed by the test')

    // What it serves by is read again when it changes.
    writeFileSync(join(copy, 'server/admin/new.ts'), '')
    const next = await waitFor(() => urls()[1], { what: 'the demo that was started again' })
    await waitFor(async () => (await fetch(`${next}/_admin/${await scriptAt(next)}`)).status === 200)
    const processes = treeOf(dev.pid)
    expect(processes.length).toBeGreaterThan(3)
    // As a terminal sends it: to the whole group.
    for (const pid of processes) sendSignal(pid, 'SIGINT')
    expect(await dev.exited).toBe(0)
    await waitFor(() => !processes.some(isRunning))
    expect(readdirSync(temporary)).toEqual([])
  } finally {
    killAll(treeOf(dev.pid))
    await reading
    rmSync(folder, { recursive: true })
  }
})
