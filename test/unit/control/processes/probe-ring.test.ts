import { expect, test } from 'bun:test'
import { probeRing } from '../../../../server/control/processes/probe-ring.ts'

/** Asks by a process that runs this code. */
const askedBy = (code: string, withinMs = 60_000): Promise<string | null> =>
  probeRing({ env: {}, command: [process.execPath, '--eval', code], withinMs })

test('what the process found is what is told', async () => {
  expect(await askedBy('console.log(JSON.stringify({ why: null }))')).toBe(null)
  expect(await askedBy('console.log(JSON.stringify({ why: "it is closed" }))')).toBe('it is closed')
})

test('a process that is ended, breaks or says nothing of use is an answer as well', async () => {
  const endedBy = (signal: string) => probeRing({ env: {}, command: ['/bin/sh', '-c', `kill -${signal} $$`] })
  expect(await endedBy('SYS')).toContain('a seccomp filter ends whoever asks for it')
  expect(await endedBy('SEGV')).toBe('who asked for it died (SIGSEGV)')
  expect(await askedBy('process.exit(1)')).toBe('who asked for it ended and said nothing (exit code 1)')
  const endedIn = (call: string, signal: string) =>
    probeRing({ env: {}, command: ['/bin/sh', '-c', `echo '{"asks":"${call}"}'; kill -${signal} $$`] })
  expect(await endedIn('io_uring_setup', 'SYS')).toStartWith('a seccomp filter ends whoever asks for it: ')
  expect(await endedIn('io_uring_enter', 'SYS')).toStartWith(
    'a seccomp filter ends whoever calls io_uring_enter, though it lets io_uring_setup pass: ',
  )
  expect(await endedIn('io_uring_enter', 'SEGV')).toBe('who asked for it died (SIGSEGV), in io_uring_enter')
  expect(await probeRing({ env: {}, command: ['/nowhere/to/be/found'] })).toStartWith(
    'nobody could ask for it: ',
  )
})

test('one whose thread is ended alone, as some filters do, is not waited for', async () => {
  const exit = process.arch === 'x64' ? 60 : 93 // ends the thread that calls it, and no other
  const code = `
    import { dlopen } from 'bun:ffi'
    const libc = dlopen('libc.so.6', { syscall: { args: ['i64', 'i64'], returns: 'i64' } })
    const other = new Worker(URL.createObjectURL(new Blob(['setInterval(() => {}, 1000)'])))
    other.addEventListener('open', () => libc.symbols.syscall(${exit}, 0))`
  expect(await askedBy(code)).toContain('a seccomp filter ends whoever asks for it')
})

test('one that hangs is ended', async () => {
  expect(await askedBy('setInterval(() => {}, 1000)', 300)).toBe('who asked for it had no answer for 0.3 s')
})
