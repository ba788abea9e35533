// The dashboard of who works on it: web/dist, as `npm run dev` builds it again at each change. Not in the
// executable.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { staticPlugin } from '@elysiajs/static'
import { Elysia } from 'elysia'
import { type DashboardFile, type DashboardFiles, HASHED } from './files.ts'
import { variantOf } from './variant.ts'

const FOLDER = join(import.meta.dir, '../../../web/dist')

interface Handler {
  handle(request: Request): Promise<Response>
}

export class FilesOnDisk implements DashboardFiles {
  readonly #folder: string
  #assets: Promise<Handler> | null = null

  constructor(folder: string = FOLDER) {
    this.#folder = folder
  }

  async find(path: string): Promise<DashboardFile | null> {
    if (!/^(?:assets\/)?\w[\w.-]*$/.test(path)) return null
    const answer = path.startsWith(HASHED) ? await this.#asset(path) : this.#file(path)
    if (answer === null) return null
    const type = answer.headers.get('content-type') ?? 'application/octet-stream'
    return { type, identity: variantOf(new Uint8Array(await answer.arrayBuffer())) }
  }

  async #asset(path: string): Promise<Response | null> {
    const folder = join(this.#folder, HASHED)
    if (!existsSync(folder)) return null
    this.#assets ??= appOf(folder)
    const answer = await (await this.#assets).handle(new Request(`http://localhost/${path}`))
    return answer.status === 200 ? answer : null
  }

  /** What keeps its name: the plugin goes on giving out, and naming, what it once read. */
  #file(path: string): Response | null {
    const file = join(this.#folder, path)
    return existsSync(file) ? new Response(Bun.file(file)) : null
  }
}

async function appOf(assets: string): Promise<Handler> {
  const files = await staticPlugin({ assets, prefix: '/assets', alwaysStatic: false, indexHTML: false })
  return new Elysia({ aot: false }).use(files)
}
