using System.Text;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>A C file of static assertions; compiling it asks the C compiler whether we are right.</summary>
internal sealed class CSource
{
    private readonly StringBuilder _text = new();

    /// <summary>Starts with what to include, in order.</summary>
    public CSource(params IEnumerable<string> headers)
    {
        _ = _text.AppendLine("#define _GNU_SOURCE").AppendLine("#include <stddef.h>");
        foreach (var header in headers)
        {
            _ = _text.AppendLine($"#include <{header}>");
        }
    }

    /// <summary>Number of assertions.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a line as it is.</summary>
    public CSource Line(string line)
    {
        _ = _text.AppendLine(line);
        return this;
    }

    /// <summary>Asserts that a C expression has a value.</summary>
    /// <param name="condition">Macro that must be defined for the assertion to be made; null for always.</param>
    public void Expect(string expression, long value, string? condition = null)
    {
        var assertion = $"_Static_assert((long)({expression}) == {value}L, \"{expression} is not {value}\");";
        _ = condition is null ? Line(assertion) : Line($"#ifdef {condition}").Line(assertion).Line("#endif");
        Count++;
    }

    /// <summary>Fails with the compiler's words where an assertion does not hold.</summary>
    public void RequireCompiles()
    {
        var (succeeded, output) = Compile();
        Assert.True(succeeded, output);
    }

    /// <summary>Compiles without linking.</summary>
    public (bool Succeeded, string Output) Compile()
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch["assertions.c"], _text.ToString());
        return Command.Run(scratch, "cc", "-std=gnu11", "-fsyntax-only", scratch["assertions.c"]);
    }
}
