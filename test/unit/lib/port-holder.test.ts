import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { holderHint, portHolder } from '../../../server/lib/port-holder.ts'

const name = (): string => readFileSync('/proc/self/comm', 'utf8').trim()

test('who listens on a port is told by name and process, and not once it is free', () => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  expect(portHolder(port)).toEqual({
    pid: process.pid,
    name: `${name()} (process ${process.pid})`,
    isGateway: false,
  })
  listener.stop(true)
  expect(portHolder(port)).toBeNull()
})

test('what to do depends on who it is', () => {
  expect(holderHint(null)).toBe('stop the other program, or choose another port')
  expect(holderHint({ pid: 7, name: 'a running gateway (process 7)', isGateway: true })).toContain(
    'sluice reload',
  )
})
