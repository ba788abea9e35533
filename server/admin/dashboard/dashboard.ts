// The dashboard at /_admin: files of its bundle, and one page whose script finds out from the address what to
// show.
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { problem } from '../problem.ts'
import { type DashboardFile, type DashboardFiles, fileAnswer, HASHED } from './files.ts'
import { embeddedPack, PackedFiles } from './packed.ts'
import { variantOf } from './variant.ts'

declare const SLUICE_VERSION: string | undefined

const INDEX = 'index.html'
/** Deeper than any page is: for each depth a page is kept. */
const DEPTH_MAX = 16

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

export class Dashboard {
  readonly #open: () => Promise<DashboardFiles>
  #files: Promise<DashboardFiles> | null = null
  /** By depth: the page that the index became. */
  readonly #pages = new Map<number, Page>()

  /** Over where its files come from, which is opened once somebody asks. */
  constructor(open: () => Promise<DashboardFiles> = openFiles) {
    this.#open = open
  }

  /** What is below `/_admin/assets/`. */
  async asset(request: Request, path: string): Promise<Response> {
    const file = await (await this.#opened()).find(`${HASHED}${path}`)
    if (file !== null) return fileAnswer(request, file, true)
    return problem('not_found', `The dashboard has no file ${HASHED}${path.slice(0, 200)}.`, {
      hint: 'A page that was open while the gateway was replaced asks for files of before: load it again.',
    })
  }

  /** What is at a path below `/_admin/`: a file, or else the page. */
  async page(request: Request, path: string): Promise<Response> {
    const files = await this.#opened()
    const file = path === INDEX ? null : await files.find(path)
    if (file !== null) return fileAnswer(request, file, false)
    const depth = path.split('/').length - 1
    if (depth > DEPTH_MAX) return problem('not_found', 'No page of the dashboard is as deep as that.')
    const index = await files.find(INDEX)
    if (index === null) return notBuilt()
    return fileAnswer(request, depth === 0 ? index : await this.#pageAt(depth, index), false)
  }

  async #pageAt(depth: number, index: DashboardFile): Promise<DashboardFile> {
    const kept = this.#pages.get(depth)
    if (kept?.of === index.identity.etag) return kept.file
    const file = await deeper(index, depth)
    this.#pages.set(depth, { of: index.identity.etag, file })
    return file
  }

  #opened(): Promise<DashboardFiles> {
    this.#files ??= this.#open()
    return this.#files
  }
}

interface Page {
  /** ETag of the index that it was made of. */
  readonly of: string
  readonly file: DashboardFile
}

/** The same page with its addresses as they are from so many segments further down. */
async function deeper(index: DashboardFile, depth: number): Promise<DashboardFile> {
  const text = await new Response(index.identity.body).text()
  const up = '../'.repeat(depth)
  const bytes = Buffer.from(text.replaceAll(/(\s(?:src|href)=")\.\//g, `$1${up}`))
  const [br, gz] = await Promise.all([brotli(bytes), gzipped(bytes)])
  return { type: index.type, identity: variantOf(bytes), br: variantOf(br), gzip: variantOf(gz) }
}

const notBuilt = (): Response =>
  problem('not_found', 'The dashboard was not built: this gateway runs from its sources.', {
    hint: '`npm run build` makes the executable with the dashboard in it; `npm run dev` builds it while you work on it.',
  })

async function openFiles(): Promise<DashboardFiles> {
  // Stamped in by the build: what only sources need is left out of the executable.
  if (typeof SLUICE_VERSION === 'undefined') {
    const { FilesOnDisk } = await import('./on-disk.ts')
    return new FilesOnDisk()
  }
  return PackedFiles.open(embeddedPack())
}
