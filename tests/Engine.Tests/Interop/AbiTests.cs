using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Interop;

/// <summary>Every structure, constant and system call number is what the C headers say; reflection finds them, the C compiler judges.</summary>
[Trait("kind", "unit")]
public sealed class AbiTests
{
    private static readonly Type[] _interop =
        [.. typeof(LastError).Assembly.GetTypes().Where(type => type.Namespace == typeof(LastError).Namespace && !type.IsNested)];

    [CommandFact("cc")]
    public void Structures_AreLaidOutAsInTheKernel()
    {
        var source = new CSource(AbiNames.KernelHeaders).Line("struct user_cap_pair { struct __user_cap_data_struct data[2]; };");

        var libc = new CSource(AbiNames.LibcHeaders);

        foreach (var type in Structures())
        {
            Expect(AbiNames.LibcTypes.Contains(type.Name) ? libc : source, type);
        }

        Assert.InRange(source.Count, 100, int.MaxValue);
        source.RequireCompiles();
        libc.RequireCompiles();
    }

    [CommandFact("cc")]
    public void Constants_AreThoseOfTheHeaders()
    {
        var kernel = new CSource(AbiNames.KernelHeaders);
        var libc = new CSource(AbiNames.LibcHeaders);

        foreach (var (name, value) in Constants())
        {
            var isLibc = AbiNames.LibcConstants.TryGetValue(name, out var inLibc);
            (isLibc ? libc : kernel).Expect(
                inLibc ?? AbiNames.Constants.GetValueOrDefault(name, name), value, AbiNames.Younger.GetValueOrDefault(name));
        }

        Assert.InRange(kernel.Count, 100, int.MaxValue);
        Assert.Equal(AbiNames.LibcConstants.Count, libc.Count);
        kernel.RequireCompiles();
        libc.RequireCompiles();
    }

    [CommandFact("cc")]
    public void ErrorNumbers_AreThoseOfTheKernel()
    {
        var source = new CSource("linux/errno.h");

        foreach (var errno in Enum.GetValues<Errno>().Where(errno => errno != Errno.None))
        {
            source.Expect(errno.ToString(), (long)errno);
        }

        source.RequireCompiles();
    }

    [CommandFact("cc")]
    public void SystemCallNumbers_AreThoseOfTheKernel()
    {
        var source = new CSource("asm/unistd_64.h");

        foreach (var number in Enum.GetValues<Sys>())
        {
            source.Expect("__NR_" + SnakeCase(number.ToString()), (long)number);
        }

        source.RequireCompiles();
    }

    [CommandFact("cc")]
    public void Compiler_OfAWrongNumber_Fails()
    {
        var source = new CSource("linux/errno.h");
        source.Expect("EPERM", 2);

        var (succeeded, output) = source.Compile();

        Assert.False(succeeded);
        Assert.Contains("EPERM is not 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_AreOfThingsThatExist()
    {
        var known = Constants().Select(constant => constant.Name).Concat(Structures().Select(type => type.Name)).ToHashSet();
        var fields = Structures().SelectMany(type => Fields(type).Select(field => $"{type.Name}.{field.Name}")).ToHashSet();

        Assert.Empty(AbiNames.Younger.Keys.Except(known));
        Assert.Empty(AbiNames.Constants.Keys.Concat(AbiNames.LibcConstants.Keys).Except(known));
        Assert.Empty(AbiNames.Types.Keys.Concat(AbiNames.Sizes.Keys).Except(known));
        Assert.Empty(AbiNames.Members.Keys.Except(fields));
    }

    private static void Expect(CSource source, Type type)
    {
        var name = AbiNames.Types.GetValueOrDefault(type.Name, $"struct {type.Name}");
        var condition = AbiNames.Younger.GetValueOrDefault(type.Name);
        source.Expect(AbiNames.Sizes.GetValueOrDefault(type.Name, $"sizeof({name})"), SizeOf(type), condition);
        foreach (var field in Fields(type))
        {
            if (AbiNames.Members.GetValueOrDefault($"{type.Name}.{field.Name}", field.Name) is { } member)
            {
                source.Expect($"offsetof({name}, {member})", Marshal.OffsetOf(type, field.Name), condition);
                source.Expect($"sizeof((({name} *)0)->{member})", member == "__spare0" ? sizeof(ushort) : SizeOf(field.FieldType), condition);
            }
        }
    }

    private static IEnumerable<Type> Structures() => _interop.Where(type => type is { IsValueType: true, IsEnum: false });

    private static FieldInfo[] Fields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);

    private static IEnumerable<(string Name, long Value)> Constants() => _interop
        .Where(type => type is { IsAbstract: true, IsSealed: true })
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
        .Where(field => field.IsLiteral)
        .Select(field => (field.Name, Convert.ToInt64(field.GetRawConstantValue())));

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((letter, index) => char.IsUpper(letter) ? (index > 0 ? "_" : "") + char.ToLowerInvariant(letter) : $"{letter}"));
}
