// The pictures of the views: flows between groups, bars by period, a curve. Drawn by ECharts on a canvas, and
// loaded when the first of them is shown. What a picture shows stands beside it as a table, too.
//
// Legend and tooltip are left out on purpose: they build markup from strings, which the page's policy refuses.
import { BarChart, LineChart, SankeyChart, type BarSeriesOption, type LineSeriesOption, type SankeySeriesOption } from 'echarts/charts'
import { GridComponent, type GridComponentOption } from 'echarts/components'
import { init, use, type ComposeOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, LineChart, SankeyChart, GridComponent, CanvasRenderer])

export type PlotOption = ComposeOption<BarSeriesOption | LineSeriesOption | SankeySeriesOption | GridComponentOption>

/** The colours of the page, as they are at the moment. */
export interface Palette {
  ink: string
  quiet: string
  line: string
  accent: string
  warn: string
  /** Light to dark on paper, dark to light at night: more is stronger. */
  scale: string[]
  font: string
}

export interface Plot {
  draw(option: PlotOption): void
  resize(): void
  close(): void
}

/** Makes a plot in `element`, which must have its size already. */
export function plot(element: HTMLElement): Plot {
  const chart = init(element)
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    draw: option => chart.setOption({ animation: !still, animationDuration: 250, ...option }, { notMerge: true }),
    resize: () => chart.resize(),
    close: () => chart.dispose(),
  }
}
