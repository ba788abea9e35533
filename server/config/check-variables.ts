// Values that look as if something would be put in: variables of other gateways, which go out here as they
// are written.
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'
import type { Written } from './written.ts'

const VARIABLE = new RegExp(
  [
    /\$\{?[a-z][a-z0-9]*(?:_[a-z0-9]+)*\}?/, // nginx: $remote_addr
    /%\[[^\]]+\]/, // HAProxy: %[src]
    /%\{[A-Za-z_:-]+\}[a-z]?/, // Apache: %{REMOTE_ADDR}e
    /%[A-Z_]{3,}(?:\([^)]*\))?%/, // Envoy: %DOWNSTREAM_REMOTE_ADDRESS%
    /\{\{[^}]*\}\}/, // templates: {{.ClientIP}}
  ]
    .map(({ source }) => source)
    .join('|'),
)

/** Warns of a value that has a variable of other gateways in it. */
export function checkVariables(
  written: Written,
  path: Path,
  value: string,
  { hint, allowed = 'fixed text: nothing of the request is put in' }: { hint: string; allowed?: string },
): void {
  const [variable] = VARIABLE.exec(value) ?? []
  if (variable === undefined || isStandIn(value) || written.isSubstituted(path)) return
  written.warn({
    code: 'wrong-value',
    path,
    found: `${JSON.stringify(variable.slice(0, 80))}, which is sent as it stands`,
    allowed,
    hint,
  })
}
