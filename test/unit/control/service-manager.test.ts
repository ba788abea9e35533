import { expect, test } from 'bun:test'
import { ServiceManager } from '../../../server/control/service-manager.ts'

function scene(address: string | undefined): { readonly manager: ServiceManager; readonly sent: string[] } {
  const sent: string[] = []
  const manager = new ServiceManager({ NOTIFY_SOCKET: address }, (to, text) => {
    sent.push(`${to} ${text}`)
    return null
  })
  return { manager, sent }
}

test('a status is one line, whatever stands in a file', () => {
  const { manager, sent } = scene('/run/notify')
  manager.ready('found "a\nSTOPPING=1"')
  expect(sent).toEqual([`/run/notify READY=1\nMAINPID=${process.pid}\nSTATUS=found "a STOPPING=1"\n`])
})

test('without a service manager, or with one that is no Unix socket, nothing is sent', () => {
  for (const address of [undefined, '', '@', '/', 'vsock:2:1', 'relative']) {
    const { manager, sent } = scene(address)
    manager.ready('x')
    manager.reloading()
    manager.stopping('x', 1000)
    expect(sent).toEqual([])
  }
})
