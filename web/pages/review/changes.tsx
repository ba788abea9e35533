// What changes: in words, each with its way back, and in the lines of the file.
import type { Tried } from '../../data/api-types.ts'
import { change, changes, discard, draft } from '../../data/draft.ts'
import { type Change, inOrder } from '../../data/change.ts'
import { at, leavesOf, patchOf } from '../../data/merge.ts'
import type { ProblemItem } from '../../data/problem.ts'
import { pageOfResource } from '../../data/resource-pages.ts'
import { type ReviewLine, reviewRows, type ReviewRow, wordsOf } from '../../data/review-rows.ts'
import { sentence } from '../../data/reviewing.ts'
import { count, number } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { Loading } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import { DiffChoice, DiffIn, useDiffLayout } from '../../parts/side-by-side.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './review.module.css'
import type { Trying } from './use-tried.ts'

export function ChangesPanel({ trying, file }: { readonly trying: Trying; readonly file: string | null }) {
  const { tried, problem, isBusy } = trying
  const isText = draft.value.kind === 'text'
  const rows = reviewRows(changes.value, tried?.changes ?? [])
  const wrong = wrongBy(problem?.errors ?? [])
  return (
    <Panel isFlush>
      <ul class={classes(css.words, isBusy && tried !== null && css.busy)} aria-label="Changes">
        {isText && rows.length === 0 && <TextRow isTried={tried !== null} />}
        {rows.map((row) => (
          <Row
            key={`${row.change?.op} ${row.change?.resource}`}
            row={row}
            isTried={tried !== null}
            wrong={row.change === null ? [] : (wrong.get(row.change) ?? [])}
          />
        ))}
      </ul>
      {(tried?.changes_left_out ?? 0) > 0 && (
        <p class={css.foot}>{number(tried?.changes_left_out)} more; the difference below has them all.</p>
      )}
      {tried === null ? (
        problem === null && trying.question === null && <Loading lines={5} />
      ) : (
        <FileDiff tried={tried} file={file} />
      )}
    </Panel>
  )
}

/** What stands against single changes; the API tells it by their place among those that were sent. */
function wrongBy(errors: readonly ProblemItem[]) {
  const found = new Map<Change, string[]>()
  const sent = inOrder(changes.value)
  for (const { pointer, message: words, hint } of errors) {
    const message = (hint ?? '') === '' ? words : `${words}; ${hint}`
    const [, place = '', field = ''] = /^\/ops\/(\d+)(?:\/value\/(.*))?/.exec(pointer ?? '') ?? []
    const one = place === '' ? undefined : sent[Number(place)]
    const told = field === '' ? sentence(message) : sentence(`${field.replaceAll('/', '.')}: ${message}`)
    if (one !== undefined) found.set(one, [...(found.get(one) ?? []), told])
  }
  return found
}

function Row({ row, isTried, wrong }: { row: ReviewRow; isTried: boolean; wrong: readonly string[] }) {
  const { change: one, lines } = row
  const page = one === null ? null : pageOfResource(one.resource)
  return (
    <li>
      <Shape state="draft" />
      <div class={css.what}>
        {lines.length === 0 && <Bare change={one} isTried={isTried} />}
        {lines.map((line) => (
          <Line key={line.difference.path + line.name} line={line} row={row} />
        ))}
        {wrong.map((message) => (
          <p key={message} class={css.error}>
            {message}
          </p>
        ))}
      </div>
      {one !== null && (
        <span class="row">
          {page !== null && one.op !== 'delete' && (
            <Button size="sm" href={to(page)} label={`Edit ${row.what}`}>
              Edit
            </Button>
          )}
          <Button size="sm" kind="quiet" label={`Revert ${row.what}`} onPress={() => discard(one.resource)}>
            Revert
          </Button>
        </span>
      )}
    </li>
  )
}

/** As the draft has it: before the gateway has said more, and where it found no difference. */
function Bare({ change: one, isTried }: { readonly change: Change | null; readonly isTried: boolean }) {
  if (one === null) return null
  const subject = <b>{sentence(wordsOf(one.resource)).slice(0, -1)}</b>
  if (one.op !== 'update')
    return (
      <p>
        {subject} {DOES[one.op]}.
      </p>
    )
  return (
    <>
      {leavesOf(one.patch).map(({ path, value }) => (
        <p key={path.join('.')}>
          {subject}: {path.join('.')} <s>{shown(at(one.base, path))}</s>{' '}
          <span class={css.new}>{shown(value)}</span>
          {isTried && ' makes no difference'}
        </p>
      ))}
    </>
  )
}

const DOES = { create: 'is added', delete: 'is removed', move: 'moves' } as const

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function Line({ line, row }: { readonly line: ReviewLine; readonly row: ReviewRow }) {
  const { difference, name, field } = line
  const { what, before, after, kind, path } = difference
  const subject = what === '' ? null : sentence(what).slice(0, -1)
  const hasOwn = field !== null && row.change?.op === 'update' && row.lines.length > 1
  return (
    <div class={css.line}>
      {kind === 'changed' ? (
        <p>
          {subject !== null && <b>{subject}</b>}
          {subject !== null && ': '}
          {name}{' '}
          {(before !== null || after !== null) && (
            <>
              <s>{orNone(before)}</s> <span class={css.new}>{orNone(after)}</span>
            </>
          )}
        </p>
      ) : (
        <p>
          {subject !== null && <b>{subject}</b>} <span class={css.new}>{SAYS[kind] ?? kind}</span>
          {kind === 'moved' && ` from place ${before} to ${after}`}
        </p>
      )}
      <span class={css.path}>
        <span class="mono">{path}</span>
        {hasOwn && (
          <button type="button" class={css.own} onClick={() => revertField(row.change, field)}>
            Revert this field
          </button>
        )}
      </span>
    </div>
  )
}

/** An empty list or map says no more than that there is none. */
const orNone = (value: string | null): string =>
  value === null || value === '[]' || value === '{}' ? 'none' : value

const SAYS: Readonly<Record<string, string>> = { added: 'is added', removed: 'is removed', moved: 'moves' }

function revertField(one: Change | null, field: readonly string[]): void {
  if (one?.op !== 'update') return
  const { resource, etag, base } = one
  change(resource, { etag, configured: base }, patchOf([{ path: field, value: at(base, field) ?? null }]))
}

function TextRow({ isTried }: { readonly isTried: boolean }) {
  return (
    <li>
      <Shape state="draft" />
      <p>
        {isTried
          ? 'The text of the file changes: nothing that takes effect does.'
          : 'The text of the file changes.'}
      </p>
      <span class="row">
        <Button size="sm" href={to('/config')}>
          Edit
        </Button>
      </span>
    </li>
  )
}

function FileDiff({ tried, file }: { readonly tried: Tried; readonly file: string | null }) {
  const { diff, lines } = tried
  const [layout, setLayout] = useDiffLayout()
  if (diff === undefined)
    return <p class={css.foot}>The lines of the file are for the role editor: they may hold secrets.</p>
  if (diff === '') return <p class={css.foot}>The file stays as it is, to the letter.</p>
  return (
    <>
      <div class={css.file}>
        <code>{file ?? 'The config file'}</code>
        <span class={css.came}>+{lines?.added ?? 0}</span>
        <span class={css.went}>−{lines?.removed ?? 0}</span>
        <span class={css.kept}>
          <span>
            {tried.reformatted === true
              ? 'a part is written anew, with its comments'
              : 'comments and spacing kept'}
          </span>
          <DiffChoice value={layout} onPick={setLayout} />
        </span>
      </div>
      <DiffIn
        layout={layout}
        text={diff}
        label={`Difference of ${file ?? 'the file'}, ${count((lines?.added ?? 0) + (lines?.removed ?? 0), 'line')}`}
        heads={['Running', 'Draft']}
      />
      {tried.diff_cut === true && <p class={css.foot}>It goes on: this is its first MiB.</p>}
    </>
  )
}
