// Somebody else was faster: what both have changed, with who and when, to be decided field by field.
import { useState } from 'preact/hooks'
import { type Asks, decisionsOf, type Overlap, type Pick } from '../../data/rebase.ts'
import { decideFields, decideFile, decideLines, type Question } from '../../data/rebasing.ts'
import { wordsOf } from '../../data/review-rows.ts'
import { sentence } from '../../data/reviewing.ts'
import { count } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import { Age } from '../../parts/time.tsx'
import { useAddress } from '../../parts/use-address.ts'
import css from './conflicts.module.css'
import { OneOfTwo } from './one-of-two.tsx'

export function Decide({ question }: { readonly question: Question }) {
  if (question.is === 'fields') return <Fields question={question} />
  return question.is === 'lines' ? <Lines question={question} /> : <File question={question} />
}

function Fields({ question: { all, revision } }: { readonly question: Question & { is: 'fields' } }) {
  const asks = all.filter((one) => one.is === 'asks')
  const [picks, setPicks] = useState<ReadonlyMap<Asks, readonly (Pick | undefined)[]>>(new Map())
  const kept = all.length - asks.length
  const left = asks.reduce(
    (sum, one) => sum + decisionsOf(one) - (picks.get(one) ?? []).filter(Boolean).length,
    0,
  )
  const pick = (one: Asks, place: number, value: Pick): void => {
    const now = Array.from({ length: decisionsOf(one) }, (_, at) => picks.get(one)?.[at])
    now[place] = value
    setPicks(new Map(picks).set(one, now))
  }
  const pickAll = (value: Pick): void =>
    setPicks(new Map(asks.map((one) => [one, Array.from({ length: decisionsOf(one) }, () => value)])))
  return (
    <Panel title={`Somebody else has changed the same, in r${revision}`} isFlush>
      <ul class={css.list}>
        {asks.map((one) => (
          <Question
            key={one.change.resource + one.kind}
            asks={one}
            picks={picks.get(one) ?? []}
            onPick={pick}
          />
        ))}
      </ul>
      <div class={css.foot}>
        <span>
          {left === 0 ? 'All is decided.' : `${count(left, 'decision')} left.`}
          {kept > 0 && ` ${count(kept, 'other change')} of yours meets nothing of theirs, and stays.`}
        </span>
        <span class="row">
          <Button onPress={() => pickAll('theirs')}>All theirs</Button>
          <Button onPress={() => pickAll('mine')}>All mine</Button>
          <Button
            kind="ink"
            disabledWhy={left === 0 ? null : 'decide all of it first'}
            isWhyHidden
            onPress={() =>
              decideFields({ is: 'fields', all, revision }, picks as ReadonlyMap<Asks, readonly Pick[]>)
            }
          >
            Rebase onto r{revision}
          </Button>
        </span>
      </div>
    </Panel>
  )
}

interface QuestionProps {
  readonly asks: Asks
  readonly picks: readonly (Pick | undefined)[]
  readonly onPick: (asks: Asks, place: number, value: Pick) => void
}

function Question({ asks, picks, onPick }: QuestionProps) {
  const { conflict, change, kind, overlaps } = asks
  const { changed_by: by, changed_at: when } = conflict
  const what = wordsOf(change.resource)
  return (
    <li>
      <Shape state="draft" />
      <div class={css.what}>
        <p>
          <b>{sentence(what).slice(0, -1)}</b>: {SAYS[kind]}
          <span class="quiet">
            {' '}
            {by ?? 'somebody'}
            {when !== null && (
              <>
                , <Age at={when} /> ago
              </>
            )}
          </span>
        </p>
        {kind === 'fields' ? (
          overlaps.map((overlap, place) => (
            <Field
              key={overlap.path.join('.')}
              overlap={overlap}
              by={by ?? 'theirs'}
              value={picks[place]}
              onPick={(value) => onPick(asks, place, value)}
            />
          ))
        ) : (
          <OneOfTwo
            legend={what}
            value={picks[0]}
            onPick={(value) => onPick(asks, 0, value)}
            options={[
              { value: 'theirs', label: CHOICES[kind].theirs },
              { value: 'mine', label: CHOICES[kind].mine },
            ]}
          />
        )}
      </div>
    </li>
  )
}

const SAYS: Readonly<Record<Asks['kind'], string>> = {
  fields: 'both of you changed it to something else.',
  gone: 'it was removed, and you change it.',
  exists: 'it was added, and so do you.',
  delete: 'it was changed, and you remove it.',
}

const CHOICES = {
  gone: { theirs: 'Leave it removed', mine: 'Make it anew, with what you changed' },
  exists: { theirs: 'Keep the one that is there', mine: 'Make the one that is there as yours' },
  delete: { theirs: 'Keep it as it is now', mine: 'Remove it all the same' },
} as const

interface FieldProps {
  readonly overlap: Overlap
  readonly by: string
  readonly value: Pick | undefined
  readonly onPick: (value: Pick) => void
}

function Field({ overlap, by, value, onPick }: FieldProps) {
  const { path, base, theirs, mine } = overlap
  return (
    <div class={css.field}>
      <p>
        <code>{path.join('.')}</code> <span class="quiet">was {shown(base)}</span>
      </p>
      <OneOfTwo
        legend={path.join('.')}
        value={value}
        onPick={onPick}
        options={[
          { value: 'theirs', label: by, detail: shown(theirs) },
          { value: 'mine', label: 'yours', detail: shown(mine) },
        ]}
      />
    </div>
  )
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function Lines({ question }: { readonly question: Question & { is: 'lines' } }) {
  const conflicts = question.pieces.filter((piece) => piece.is === 'conflict')
  const [picks, setPicks] = useState<readonly (Pick | undefined)[]>([])
  const left = conflicts.filter((_, place) => picks[place] === undefined).length
  return (
    <Panel title="The file has changed in lines that you have changed" isFlush>
      <ul class={css.list}>
        {conflicts.map(({ line, theirs, mine }, place) => (
          <li key={line}>
            <Shape state="draft" />
            <div class={css.what}>
              <p>
                <b>Line {line}</b> and what follows
              </p>
              <OneOfTwo
                legend={`Line ${line}`}
                value={picks[place]}
                onPick={(value) => setPicks(conflicts.map((_, at) => (at === place ? value : picks[at])))}
                options={[
                  { value: 'theirs', label: 'the file', lines: theirs },
                  { value: 'mine', label: 'yours', lines: mine },
                ]}
              />
            </div>
          </li>
        ))}
      </ul>
      <div class={css.foot}>
        <span>
          {left === 0 ? 'All is decided.' : `${count(left, 'decision')} left.`} All other lines are put
          together.
        </span>
        <Button
          kind="ink"
          disabledWhy={left === 0 ? null : 'decide all of it first'}
          isWhyHidden
          onPress={() => decideLines(question, picks)}
        >
          Rebase onto the file
        </Button>
      </div>
    </Panel>
  )
}

/** The file stands in the way: nobody but the person knows which text is to be the base. */
function File({ question }: { readonly question: Question & { is: 'file' } }) {
  const { isBroken, problem, base, theirs, yours } = question
  const { go } = useAddress()
  const isTold = base !== null && yours !== null && theirs.hash !== null
  const why = isTold ? null : 'the texts are too large to be put together here'
  return (
    <Note
      state="down"
      isUrgent
      title={isBroken ? 'The file on disk was rejected: which text is yours made from?' : problem.title}
      actions={
        <>
          <Button disabledWhy={why} onPress={() => decideFile(question, 'running')}>
            What runs
          </Button>
          <Button
            disabledWhy={theirs.text === null ? 'it cannot be read' : why}
            onPress={() => {
              decideFile(question, 'disk')
              go(to('/config'))
            }}
          >
            The file
          </Button>
        </>
      }
    >
      <p>{problem.errors[0]?.message ?? problem.detail}.</p>
      <p>
        “What runs” puts what runs, with your changes, in place of the file. “The file” puts your changes into
        its text and opens the editor, where the rest of it can be mended.
      </p>
    </Note>
  )
}
