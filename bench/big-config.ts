// A config of 1,000 backends of two servers each and 10,000 rules, in the block style that people write.

export const BACKENDS = 1_000
export const RULES = 10_000

export interface BigConfig {
  /** Where clients are served, on this machine. */
  readonly port: number
  /** Of the server that all servers are. */
  readonly originPort: number
}

/** The text of its file. */
export function bigConfig({ port, originPort }: BigConfig): string {
  const rules = Array.from(
    { length: RULES },
    (_, i) => `  - name: rule-${i}
    match: { path: "/p${i}/*" }
    backend: b${i % BACKENDS}`,
  )
  const backends = Array.from(
    { length: BACKENDS },
    (_, i) => `  b${i}:
    servers:
      - { url: "http://127.0.0.1:${originPort}", weight: 1 }   # server of b${i}
      - { url: "http://127.0.0.2:${originPort}", weight: 1 }`,
  )
  return `# A large config.
listeners:
  web: { bind: "127.0.0.1:${port}" }
admin: false
workers: 2
logs: { access: { enabled: false } }
rules:
  - { name: here, match: { path: /here }, backend: b0 }
${rules.join('\n')}
backends:
${backends.join('\n')}
`
}
