// What is served does with a request, and beside it what the draft would: told first, since that is what one
// wants to know of a draft.
import { useState } from 'preact/hooks'
import { Segmented } from '../../parts/choices.tsx'
import { Note } from '../../parts/messages.tsx'
import { Shape } from '../../parts/status.tsx'
import { Explanation } from './explanation.tsx'
import type { ShownRule } from './shown-rules.ts'
import { type Answered, type Fate, fateWords, isExplained, isSameFate, whyNot } from './tested.ts'
import css from './tester.module.css'

interface BothProps {
  readonly answered: Answered
  /** Rules of a listener. */
  readonly rulesOf: (listener: string) => readonly ShownRule[]
}

export function Both({ answered, rulesOf }: BothProps) {
  const [shown, setShown] = useState<'running' | 'draft'>('running')
  const { draft } = answered
  if (draft === undefined) return <One fate={answered} rulesOf={rulesOf} />
  const isSame = isSameFate(answered, draft)
  return (
    <>
      <p class={css.drafted}>
        <Shape state="draft" size={10} /> <span>In the draft: {isSame ? 'the same.' : fateWords(draft)}</span>
      </p>
      {!isSame && (
        <span>
          <Segmented
            label="Told of"
            value={shown}
            options={[
              { value: 'running', label: 'What runs' },
              { value: 'draft', label: 'The draft' },
            ]}
            onPick={setShown}
          />
        </span>
      )}
      <One fate={shown === 'running' || isSame ? answered : draft} rulesOf={rulesOf} />
    </>
  )
}

const One = ({ fate, rulesOf }: { readonly fate: Fate } & Pick<BothProps, 'rulesOf'>) =>
  isExplained(fate) ? (
    <Explanation explained={fate} rules={rulesOf(fate.listener.name)} />
  ) : (
    <Note state="down" title="This cannot be told">
      {whyNot(fate)}
    </Note>
  )
