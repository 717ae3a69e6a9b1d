// SPDX-License-Identifier: MIT
/* Draws the numbers of the page's data. Series differ by pattern, dash and point, not by colour alone. */
(function () {
    "use strict";
    const data = JSON.parse(document.getElementById("data").textContent);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const light = {
        ink: "#1b1f24", line: "#d0d7de", paper: "#ffffff", success: "#1a7f37", pending: "#9a6700", failure: "#cf222e",
        explained: "#57606a", unexplained: "#cf222e",
        series: ["#0969da", "#cf222e", "#8250df", "#9a6700", "#1a7f37", "#bf3989", "#57606a"],
    };
    const night = {
        ink: "#e6edf3", line: "#30363d", paper: "#0d1117", success: "#56d364", pending: "#e3b341", failure: "#ff7b72",
        explained: "#9da7b3", unexplained: "#ff7b72",
        series: ["#79c0ff", "#ff7b72", "#d2a8ff", "#e3b341", "#56d364", "#ff9bce", "#9da7b3"],
    };
    const points = ["circle", "triangle", "rect", "rectRot", "crossRot", "star", "line"];
    const charts = [];

    function pattern(colour, paper, kind) {
        if (kind === 0) return colour;
        const tile = document.createElement("canvas");
        tile.width = tile.height = 8;
        const pen = tile.getContext("2d");
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 8, 8);
        pen.strokeStyle = pen.fillStyle = paper;
        pen.lineWidth = 1.5;
        const lines = [[], [[0, 8, 8, 0]], [[0, 0, 8, 8]], [[0, 4, 8, 4]], [[4, 0, 4, 8]], [[0, 4, 8, 4], [4, 0, 4, 8]], []][kind];
        for (const [x, y, toX, toY] of lines) {
            pen.beginPath();
            pen.moveTo(x, y);
            pen.lineTo(toX, toY);
            pen.stroke();
        }
        if (kind === 6) pen.fillRect(2, 2, 3, 3);
        return pen.createPattern(tile, "repeat");
    }

    function bars(chart, colours) {
        return chart.sets.map((set, i) => {
            const colour = colours[set.label] || colours.series[i % colours.series.length];
            return {
                label: set.label, data: set.values, borderColor: colour, borderWidth: 1,
                backgroundColor: pattern(colour, colours.paper, i % 7),
            };
        });
    }

    function lines(chart, colours) {
        return chart.sets.filter((set) => set.values.some((value) => value !== null)).map((set, i) => ({
            label: set.label, data: set.values, spanGaps: true, borderWidth: 2, pointRadius: 4,
            borderColor: colours.series[i], backgroundColor: colours.series[i],
            pointStyle: points[i % points.length], borderDash: i % 2 === 1 ? [6, 4] : [],
        }));
    }

    function configure(name, colours) {
        const chart = data[name];
        const line = name === "delivery", flat = name === "funnel", stacked = !line && !flat;
        const numbers = {
            stacked, beginAtZero: true, grid: { color: colours.line }, ticks: { color: colours.ink, precision: line ? undefined : 0 },
            title: { display: true, text: chart.unit, color: colours.ink },
        };
        const names = {
            stacked, grid: { display: false }, ticks: { color: colours.ink, autoSkip: !flat, maxRotation: flat ? 0 : 60 },
        };
        return {
            type: line ? "line" : "bar",
            data: { labels: chart.labels, datasets: line ? lines(chart, colours) : bars(chart, colours) },
            options: {
                animation: false, responsive: true, maintainAspectRatio: false, indexAxis: flat ? "y" : "x",
                interaction: { mode: "index", intersect: false, axis: flat ? "y" : "x" },
                scales: flat ? { x: numbers, y: names } : { x: names, y: numbers },
                plugins: { legend: { display: !flat, labels: { color: colours.ink, usePointStyle: line } } },
            },
        };
    }

    function draw(colours) {
        while (charts.length > 0) charts.pop().destroy();
        for (const canvas of document.querySelectorAll("canvas[data-chart]"))
            charts.push(new Chart(canvas, configure(canvas.dataset.chart, colours)));
    }

    draw(dark.matches ? night : light);
    dark.addEventListener("change", () => draw(dark.matches ? night : light));
    window.addEventListener("beforeprint", () => draw(light));
    window.addEventListener("afterprint", () => draw(dark.matches ? night : light));
})();
