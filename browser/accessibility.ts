import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** WCAG 2.2 rules and earlier versions up to level AA, plus axe-core's best practices. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Finding {
  id: string
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** Returns the faults axe-core finds on the page in its current state, with one text per element. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Chromium evaluates this even if the page's policy denies it to page scripts.
  await page.evaluate(axe.source)
  const options = JSON.stringify({ runOnly: STANDARDS, resultTypes: ['violations'] })
  const { violations } = (await page.evaluate(`axe.run(${options})`)) as { violations: Finding[] }
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target} ${failureSummary}`),
  )
}

/** How many pixels overflow the viewport on the right. */
export async function overflowOf(page: Page): Promise<number> {
  return Number(
    await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    ),
  )
}
