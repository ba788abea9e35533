// What tests use of it: the package has no types of its own.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'
  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    callback(): RequestListener
    Grant: { find(id: string): Promise<{ destroy(): Promise<void> } | undefined> }
    on(event: string, hear: (...told: never[]) => void): this
  }
}
