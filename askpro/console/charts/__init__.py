"""Charts with axes, as HTML and SVG made on the server: nothing is fetched, and dark mode is the style sheet's.

A chart that a template shows is drawn by `console/chart.html`, with its numbers as a table below it.
"""

from askpro.console.charts.chart import Chart as Chart
from askpro.console.charts.chart import Series as Series
from askpro.console.charts.chart import Shape as Shape
