// TLS listeners: rules lead on from them, and their rates are ones that can be kept.
import type { TlsListenerConfig } from '../tls/tls-listener.options.ts'
import { checkRate } from './check-tcp-listener.ts'
import type { CheckedListener } from './listener-protocol.ts'
import type { Written } from './written.ts'

export function checkTlsListener(
  written: Written,
  { name, path, options, isRuled }: CheckedListener<TlsListenerConfig>,
): void {
  checkRate(written, path, options.limits.rate)
  if (isRuled || written.isBroken('rules')) return
  written.report({
    code: 'conflict',
    path,
    found: 'a tls listener without rules',
    allowed: 'a rule that is for it',
    hint: `add rules: ${written.spelled({ name: 'all', match: { listener: name }, backend: 'NAME' })}`,
  })
}
