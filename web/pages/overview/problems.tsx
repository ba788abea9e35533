// What is wrong, the worst first: what, why, what to do, and the buttons that do it.
import { useState } from 'preact/hooks'
import type { Overview } from '../../data/api-types.ts'
import { count } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Problem } from '../../parts/messages.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import { Age } from '../../parts/time.tsx'
import css from './overview.module.css'
import {
  linkOf,
  aroundAge,
  lookOf,
  type OverviewProblem,
  pageAbout,
  piecesOf,
  type ProblemAction,
  wordOf,
} from './problem-links.ts'
import { carryOut, type Outcome } from './problem-orders.ts'

/** Beyond these the rest is opened by hand: the figures must stay in sight. */
const SHOWN = 5

export function Problems({ overview }: { readonly overview: Overview }) {
  const { problems, left_out: leftOut } = overview
  const [isAll, setAll] = useState(false)
  if (problems.length === 0) return null
  const shown = isAll ? problems : problems.slice(0, SHOWN)
  const more = problems.length - shown.length
  return (
    <Panel title="Problems" count={problems.length + leftOut} end="worst first" isFlush>
      {shown.map((problem) => (
        <OneProblem key={problem.id} problem={problem} />
      ))}
      {(more > 0 || (isAll && leftOut > 0)) && (
        <p class={css.more}>
          {more > 0 ? (
            <Button size="sm" onPress={() => setAll(true)}>{`Show ${more} more`}</Button>
          ) : (
            `${count(leftOut, 'problem')} more: mend these first.`
          )}
        </p>
      )}
    </Panel>
  )
}

function OneProblem({ problem }: { readonly problem: OverviewProblem }) {
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const remedy = problem.remedy ?? ''
  const [before, after] = aroundAge(problem)
  return (
    <Problem
      state={lookOf(problem)}
      word={wordOf(problem)}
      age={
        problem.since === null ? undefined : (
          <>
            {before}
            <Age at={problem.since} />
            {after}
          </>
        )
      }
      title={<a href={pageAbout(problem)}>{problem.title}</a>}
      actions={problem.actions.map((action) => (
        <ActionButton key={action.kind} problem={problem} action={action} onOutcome={setOutcome} />
      ))}
    >
      <Text text={`${problem.cause} ${remedy}`.trim()} />
      {outcome !== null && (
        <p class={css.outcome} role="status">
          <Shape state={outcome.isWell ? 'up' : 'down'} size={10} />
          <span>{outcome.words}</span>
        </p>
      )}
    </Problem>
  )
}

function Text({ text }: { readonly text: string }) {
  return (
    <>{piecesOf(text).map((piece, at) => (piece.isCode ? <code key={at}>{piece.text}</code> : piece.text))}</>
  )
}

interface ActionProps {
  readonly problem: OverviewProblem
  readonly action: ProblemAction
  readonly onOutcome: (outcome: Outcome | null) => void
}

function ActionButton({ problem, action, onOutcome }: ActionProps) {
  const [busyWord, setBusyWord] = useState<string | null>(null)
  const [isAsked, setAsked] = useState(false)
  const href = linkOf(problem, action)
  const needs = action.role === 'viewer' ? undefined : action.role
  if (href !== null)
    return (
      <Button size="sm" href={href} needs={needs}>
        {action.label}
      </Button>
    )
  const run = async (): Promise<void> => {
    setAsked(false)
    onOutcome(null)
    setBusyWord(action.label.replace('…', ''))
    onOutcome(await carryOut(action, setBusyWord))
    setBusyWord(null)
  }
  return (
    <>
      <Button
        size="sm"
        needs={needs}
        isBusy={busyWord !== null}
        busyWord={busyWord ?? undefined}
        onPress={() => (action.kind === 'restore' ? setAsked(true) : void run())}
      >
        {action.label}
      </Button>
      {isAsked && (
        <RestoreDialog
          revision={action.revision ?? 0}
          file={problem.about.name}
          onClose={() => setAsked(false)}
          onDo={() => void run()}
        />
      )}
    </>
  )
}

interface RestoreProps {
  readonly revision: number
  readonly file: string
  readonly onClose: () => void
  readonly onDo: () => void
}

/** What is in the file now goes, and nothing of it was ever served: it is asked for once. */
function RestoreDialog({ revision, file, onClose, onDo }: RestoreProps) {
  return (
    <Dialog
      title={`Write r${revision} over the file`}
      onClose={onClose}
      onSubmit={onDo}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="ink" type="submit">{`Restore r${revision}`}</Button>
        </>
      }
    >
      <p>
        <code>{file}</code> becomes what is served. What stands in it now was never served and is not kept:
        copy it from the editor first if you want to go on with it. For clients nothing changes.
      </p>
    </Dialog>
  )
}
