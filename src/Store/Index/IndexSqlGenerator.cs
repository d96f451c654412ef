using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Checkpointer.Store.Index;

/// <summary>Makes <c>chunks</c> a WITHOUT ROWID table, which EF Core has no word for: the 32-byte key is then stored once,
/// not in the table and in an index, and a look-up is one descent.</summary>
internal sealed class IndexSqlGenerator(
    MigrationsSqlGeneratorDependencies dependencies, IRelationalAnnotationProvider annotations)
    : SqliteMigrationsSqlGenerator(dependencies, annotations)
{
    /// <summary>Name of the table.</summary>
    public const string ChunksTable = "chunks";

    /// <inheritdoc/>
    protected override void Generate(
        CreateTableOperation operation, IModel? model, MigrationCommandListBuilder builder, bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate: false);
        if (operation.Name == ChunksTable)
        {
            builder.Append(" WITHOUT ROWID");
        }

        if (terminate)
        {
            builder.AppendLine(Dependencies.SqlGenerationHelper.StatementTerminator);
            EndStatement(builder);
        }
    }
}
