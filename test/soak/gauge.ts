import type { Gateway } from '../support/gateway.ts'

/** The sum of a metric of a gateway over all its labels; 0 where there is none. */
export async function gaugeOf(gateway: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^lb_${name}(?:\\{[^}]*\\})? ([-+.0-9e]+)$`, 'gm'))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}
